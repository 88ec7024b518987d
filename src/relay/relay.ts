import { catchError, concat, defer, EMPTY, ignoreElements, merge, type Observable, throwError } from 'rxjs';
import type { Connection } from '../connection/connection.js';
import { positive } from '../connection/options.js';
import { consume } from '../flow/consume.js';
import { isGone } from './gone.js';

/** Options of {@link relay}. */
export interface RelayOptions {
  /**
   * How many messages of one side may be under way to the other at once. With 1, each is taken from the one side when the other has taken it, and one at most is
   * lost with a connection; more is faster, where the framing does not wait for an answer each time. @default 1
   */
  readonly concurrency?: number;
}

/**
 * Passes the messages of each of two connections on to the other, until both have ended.
 *
 *     a's peer     --1--2------|        ends
 *     b's peer     ---x--------         is sent 1 and 2, then the end; does not read: that holds a's peer
 *     relay        ---------------|     emits nothing, completes when both are closed
 *
 * A message is consumed here when the other side has taken it: what one side is too slow for, the other is held by, over any number of relays. What this
 * keeps is one message in each direction (`concurrency`).
 *
 * The end of one side is passed on behind its last message: as the end of that direction alone where the framing can half-close (and the connection was opened with
 * `allowHalfOpen`), else by closing the other side in order. When both directions have ended, both connections are closed. The error of one side destroys the other
 * with it, whose peer sees a reset and no orderly end, and is the relay's; so is a message that the other side cannot carry or refuses, or that is lost with one of its wires (over `reconnect`; with `whileAway: 'queue'` what was not sent waits for the next). Unsubscribing stops the passing on and leaves both connections open.
 *
 * @example
 * ```ts
 * import { connect, converse, listen, relay, serve } from 'rx-tinyproto';
 *
 * listen(7000)
 *   .pipe(serve((inside) => connect('10.0.0.5:9123').pipe(converse((outside) => relay(inside, outside)))))
 *   .subscribe();
 * ```
 */
export function relay<A, B>(
  a: Connection<A, B>,
  b: Connection<B, A>,
  { concurrency = 1 }: RelayOptions = {},
): Observable<never> {
  positive('concurrency', concurrency);
  const directions = merge(passOn(a, b, concurrency), passOn(b, a, concurrency));
  const closed = defer(() => merge(a.close(), b.close()));
  return concat(directions, closed).pipe(
    ignoreElements(),
    catchError((error) => {
      a.destroy(error);
      b.destroy(error);
      return throwError(() => error);
    }),
  );
}

/** One direction, and its end. */
function passOn<T>(
  from: Connection<T, never>,
  to: Connection<unknown, T>,
  concurrency: number,
): Observable<never> {
  const messages$ = from.messages$.pipe(consume((message) => to.send(message), { concurrency }));
  return concat(
    messages$,
    defer(() => endOf(to)),
  ).pipe(
    ignoreElements(),
    // It takes no more: why, the other direction says, when it has read to the end.
    catchError((error) => (isGone(to, error) ? EMPTY : throwError(() => error))),
  );
}

/** Ends what we send; all of it, where one direction cannot end alone. */
function endOf(connection: Connection<unknown, never>): Observable<void> {
  try {
    return connection.end();
  } catch {
    return connection.close();
  }
}
