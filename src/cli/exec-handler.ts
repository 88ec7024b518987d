import { spawn } from 'node:child_process';
import {
  concat,
  defer,
  EMPTY,
  fromEvent,
  ignoreElements,
  merge,
  mergeMap,
  Observable,
  take,
  takeUntil,
  throwError,
} from 'rxjs';
import type { Connection } from '../connection/connection.js';
import { consume } from '../flow/consume.js';
import { paced } from '../flow/paced.js';
import { decode } from '../framing/decode.js';
import { lines } from '../framing/lines.js';
import { formatAddress } from '../transport/address.js';
import type { Format } from './format.js';

const maxLineBytes = 64 * 1_024 * 1_024;

/**
 * Runs a command of the shell for a connection: messages are lines on its standard input, lines of its output are messages. A command that does not read holds the
 * peer, a peer that does not read holds the command. Completes when the command has ended; unsubscribed, the command is told to end.
 */
export function executed(conn: Connection, command: string, format: Format): Observable<never> {
  return defer(() => {
    const env = { ...process.env, PEER: formatAddress(conn.remote) };
    const child = spawn(command, {
      shell: true,
      detached: process.platform !== 'win32',
      stdio: ['pipe', 'pipe', 'inherit'],
      env,
    });
    const { stdin, stdout } = child;
    stdin.on('error', () => {}); // it may stop reading before it ends

    const write = (line: string | Uint8Array) =>
      defer(() => {
        const hasRoom = [stdin.write(line), stdin.write('\n')].every(Boolean);
        const drained$ = merge(fromEvent(stdin, 'drain'), fromEvent(stdin, 'close'));
        return hasRoom || stdin.destroyed ? EMPTY : drained$.pipe(take(1));
      });
    const heard$ = conn.messages$.pipe(consume((message) => write(lineOf(format, message))));
    const ended$ = defer(() => {
      stdin.end();
      return EMPTY;
    });

    const output$ = (fromEvent(stdout, 'data') as Observable<Uint8Array>).pipe(
      takeUntil(fromEvent(stdout, 'end')),
    );
    const said$ = output$.pipe(
      paced(stdout),
      decode(lines({ unterminated: 'deliver', maxLineBytes })),
      consume((line) => conn.send(format.parse(line))),
    );
    const failure$ = fromEvent(child, 'error').pipe(mergeMap((error) => throwError(() => error)));
    const over$ = merge(fromEvent(child, 'close'), failure$).pipe(take(1));

    return new Observable<never>((subscriber) => {
      subscriber.add(() => end(child));
      // Its last lines go out first: `close` comes behind the end of its output, which may still be on its way to the peer.
      const speaking$ = said$.pipe(ignoreElements());
      const listening$ = concat(heard$, ended$).pipe(ignoreElements(), takeUntil(over$));
      // A peer that is gone is not told of by messages that nobody takes.
      const talk$ = merge(speaking$, listening$).pipe(takeUntil(conn.closed$));
      subscriber.add(talk$.subscribe(subscriber));
    });
  });
}

/** A line break inside of a message would make two messages of one. */
function lineOf(format: Format, message: Uint8Array): string | Uint8Array {
  const line = format.line(message);
  if (typeof line !== 'string' && line.includes(10))
    throw new Error('a message holds a line break, and the command takes lines: use --json or --hex');
  return line;
}

/** Ends the command, and what it has started. */
function end({ pid, exitCode, signalCode, stdin, stdout }: ReturnType<typeof spawn>): void {
  stdin?.destroy();
  stdout?.destroy();
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGTERM');
  } catch {
    // It has ended in this moment.
  }
}
