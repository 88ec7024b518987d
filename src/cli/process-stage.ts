import process from 'node:process';
import type { Readable } from 'node:stream';
import type { WriteStream } from 'node:tty';
import {
  defer,
  EMPTY,
  finalize,
  fromEvent,
  ignoreElements,
  map,
  merge,
  mergeMap,
  type Observable,
  take,
  takeUntil,
  throwError,
} from 'rxjs';
import { paced } from '../flow/paced.js';
import { tcp } from '../transport/tcp.js';
import { exitCodes } from './exit-codes.js';
import type { Input, Output, Stage } from './stage.js';

/** The stage of a real program: TCP, the standard streams, the signals. */
export function processStage(): Stage {
  const { stdin, stdout, stderr } = process;
  stderr.on('error', () => {}); // nobody reads our complaints: there is nobody to complain to
  const outputIsGone$ = (fromEvent(stdout, 'error') as Observable<NodeJS.ErrnoException>).pipe(
    map(outputFailed),
  );
  const signals$ = merge(
    fromEvent(process, 'SIGINT').pipe(map(() => exitCodes.interrupted)),
    fromEvent(process, 'SIGTERM').pipe(map(() => exitCodes.terminated)),
  );
  stdout.once('error', (error: NodeJS.ErrnoException) => {
    const code = outputFailed(error);
    if (code === exitCodes.done) return;
    process.exitCode = code; // for what does not listen to interruptions: help
    stderr.write(`rx-tinyproto: standard output: ${error.message}\n`);
  });
  stdout.on('error', () => {}); // once is enough
  return {
    transport: tcp(),
    input: inputOf(stdin),
    out: outputOf(stdout),
    err: outputOf(stderr),
    // Once the first has come nobody listens: the second Ctrl-C ends the process at once.
    interrupt$: merge(signals$, outputIsGone$).pipe(take(1)),
  };
}

/** `head` leaves early, and that is no failure; a full disk is. */
const outputFailed = ({ code }: NodeJS.ErrnoException) =>
  code === 'EPIPE' ? exitCodes.done : exitCodes.failed;

function inputOf(stdin: Readable & { readonly isTTY?: boolean }): Input {
  const bytes$ = defer(() => {
    const failure$ = fromEvent(stdin, 'error').pipe(mergeMap((error) => throwError(() => error)));
    return merge(fromEvent(stdin, 'data') as Observable<Uint8Array>, failure$).pipe(
      takeUntil(fromEvent(stdin, 'end')),
      finalize(() => stdin.destroy()), // merely paused, it might keep the process alive
    );
  });
  return { bytes$: bytes$.pipe(paced(stdin)), isTerminal: stdin.isTTY === true };
}

function outputOf(stream: NodeJS.WriteStream): Output {
  const isTerminal = stream.isTTY === true;
  return {
    write: (text) =>
      defer(() => {
        if (stream.destroyed || stream.errored) return EMPTY;
        if (stream.write(text)) return EMPTY;
        return merge(fromEvent(stream, 'drain'), fromEvent(stream, 'error'), fromEvent(stream, 'close')).pipe(
          take(1),
          ignoreElements(),
        );
      }),
    isTerminal,
    hasColors: wantsColors(isTerminal ? stream : undefined),
    get columns() {
      return stream.columns || 80;
    },
  };
}

function wantsColors(terminal: WriteStream | undefined): boolean {
  const { NO_COLOR, FORCE_COLOR } = process.env;
  if (NO_COLOR) return false;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return terminal?.hasColors() ?? false;
}
