import type { Readable } from 'node:stream';
import { type BoundAddress, decode, lines, paced } from 'rx-tinyproto';
import { formatAddress } from 'rx-tinyproto/transport';
import {
  defer,
  finalize,
  from,
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

/** What is no text of its own: control characters, with which one could drive a terminal, and those that turn the direction of writing. */
const unprintable = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

/** A text from somewhere else, as one line that does nothing to the terminal but stand there. */
export const printable = (text: string): string => text.replace(unprintable, '\ufffd');

/** Prints a line, whoever wrote it. */
export function tell(line: string): void {
  process.stdout.write(`${printable(line)}\n`);
}

/** Prints what was bound: an `openObserver`. */
export const telling = (what: string) => ({
  next: (bound: readonly BoundAddress[]) => tell(`${what} ${bound.map(formatAddress).join(' and ')}`),
});

/** For arguments that mean nothing: the usage is shown, and the exit code is 1. */
export class Misuse extends Error {}

/**
 * Runs a program on the arguments of the command line: each text that it emits is a line. An error is one line, too, on standard error, and
 * the exit code is 1.
 */
export function play(usage: string, program: (words: string[]) => Observable<string>): void {
  const words = process.argv.slice(2);
  const helpWanted = words[0] === '--help' || words[0] === '-h';
  defer(() => (helpWanted ? from(usage.split('\n')) : program(words))).subscribe({
    next: tell,
    error: (error: Error) => {
      process.stderr.write(`${isMisuse(error) ? usage : error.message}\n`);
      process.exitCode = 1;
    },
  });
}

/** Also what `parseArgs` throws. */
function isMisuse(error: Error): boolean {
  return error instanceof Misuse || ('code' in error && `${error.code}`.startsWith('ERR_PARSE_ARGS'));
}

/** A program that is one of several: the first argument says which, the others are its own. Without any, it is the one called `together`. */
export function byRole(roles: Readonly<Record<string, (...words: string[]) => Observable<string>>>) {
  return ([role = 'together', ...words]: readonly string[]): Observable<string> => {
    const chosen = Object.hasOwn(roles, role) ? roles[role] : undefined;
    if (chosen === undefined) throw new Misuse();
    return chosen(...words);
  };
}
