import type { Readable } from 'node:stream';
import { decode, lines, paced } from 'rx-tinyproto';
import {
  defer,
  finalize,
  fromEvent,
  map,
  merge,
  mergeMap,
  type Observable,
  take,
  takeUntil,
  throwError,
} from 'rxjs';

/** No longer than what the connection carries by default. */
const inputLines = lines({ unterminated: 'deliver', maxLineBytes: 8 * 1_024 * 1_024 });

/**
 * The lines that are typed or piped in; the last one needs no newline. While a line is held below, the input is paused: no more of it is in memory
 * than the chunk that the line came in. Nobody reads the input afterwards: unsubscribing closes it.
 */
export function linesOf(input: Readable): Observable<string> {
  const utf8 = new TextDecoder();
  return chunksOf(input).pipe(
    paced(input),
    decode(inputLines),
    map((line) => utf8.decode(line)),
  );
}

function chunksOf(input: Readable): Observable<Uint8Array> {
  return defer(() => {
    const failure$ = fromEvent(input, 'error').pipe(mergeMap((error) => throwError(() => error)));
    return merge(fromEvent(input, 'data') as Observable<Uint8Array>, failure$).pipe(
      takeUntil(fromEvent(input, 'end')),
      finalize(() => input.destroy()), // merely paused, it might keep the process alive
    );
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
