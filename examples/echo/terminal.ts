import type { Readable } from 'node:stream';
import { paced } from 'rx-tinyproto';
import {
  concat,
  defer,
  EMPTY,
  finalize,
  fromEvent,
  merge,
  mergeMap,
  type Observable,
  type OperatorFunction,
  of,
  take,
  takeUntil,
  throwError,
} from 'rxjs';

/**
 * The lines that are typed or piped in; the last one needs no newline. While a line is held below, the input is paused: no more of it is in memory
 * than the chunk that the line came in. Nobody reads the input afterwards: unsubscribing closes it.
 */
export function linesOf(input: Readable): Observable<string> {
  return textOf(input).pipe(paced(input), splitLines());
}

function textOf(input: Readable): Observable<string> {
  return defer(() => {
    input.setEncoding('utf8');
    const failure$ = fromEvent(input, 'error').pipe(mergeMap((error) => throwError(() => error)));
    return merge(fromEvent(input, 'data') as Observable<string>, failure$).pipe(
      takeUntil(fromEvent(input, 'end')),
      finalize(() => input.destroy()), // merely paused, it might keep the process alive
    );
  });
}

function splitLines(): OperatorFunction<string, string> {
  return (chunks$) =>
    defer(() => {
      let begun = '';
      const split = (chunk: string) => {
        const lines = (begun + chunk).split(/\r?\n/);
        begun = lines.pop() ?? '';
        return lines;
      };
      const last$ = defer(() => (begun === '' ? EMPTY : of(begun)));
      return concat(chunks$.pipe(mergeMap(split)), last$);
    });
}

// Who reads what we print may leave early, as `head` does: then there is nobody to go on for.
process.stdout.on('error', () => {});

/** Emits once: Ctrl-C, or `kill`, or nobody reads us any more. A second Ctrl-C ends the process at once, as it does where nobody listens. */
export const interrupt$ = merge(
  fromEvent(process, 'SIGINT'),
  fromEvent(process, 'SIGTERM'),
  fromEvent(process.stdout, 'error'),
).pipe(take(1));
