import { type ChildProcess, fork, spawn } from 'node:child_process';
import { merge, Observable, take } from 'rxjs';
import { linesOf } from './terminal.js';

/**
 * Runs this very program once more, with other arguments: emits the lines that it prints, and completes when it has ended. When `stop$` emits, its channel to us ends, which it takes for
 * Ctrl-C. Unsubscribing kills it.
 */
export function ourselves(words: readonly string[], stop$: Observable<unknown>): Observable<string> {
  return program(
    () => fork(process.argv[1] ?? '', words, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] }),
    (child) => child.connected && child.disconnect(),
    stop$,
  );
}

/** The same for another program, which is told by a signal. What it prints is its own business. */
export function other(
  command: string,
  words: readonly string[],
  stop$: Observable<unknown>,
): Observable<string> {
  return program(
    () => spawn(command, words, { stdio: 'ignore' }),
    (child) => child.kill('SIGTERM'),
    stop$,
  );
}

function program(
  start: () => ChildProcess,
  tellToStop: (child: ChildProcess) => unknown,
  stop$: Observable<unknown>,
): Observable<string> {
  return new Observable((subscriber) => {
    const child = start();
    const ended = new Observable<never>((end) => {
      child.once('error', (error) => end.error(error));
      child.once('exit', () => end.complete());
    });
    const printed$ = child.stdout ? linesOf(child.stdout) : [];
    subscriber.add(merge(ended, printed$).subscribe(subscriber));
    subscriber.add(stop$.pipe(take(1)).subscribe(() => tellToStop(child)));
    subscriber.add(() => child.kill('SIGKILL'));
  });
}
