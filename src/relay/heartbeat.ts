import {
  catchError,
  EMPTY,
  exhaustMap,
  filter,
  ignoreElements,
  interval,
  map,
  NEVER,
  type Observable,
  pairwise,
  startWith,
  takeUntil,
  throwError,
} from 'rxjs';
import type { Connection } from '../connection/connection.js';
import { frameDoor } from '../connection/frames.js';
import { positive } from '../connection/options.js';
import { timerMs } from '../time.js';
import { isCutOff } from './gone.js';

/**
 * Emits whenever nothing of ours has begun to go out for a whole period of so many milliseconds.
 *
 *     sends       --a----------b-----
 *     period      |----|----|----|----|
 *     writeIdle   ----------x---------x
 *
 * Completes when the connection has closed, never errors. It looks once a period, so a silence is told of when it has lasted one to two of them.
 * To end a connection that has nothing to say, see the example; to say something instead, see `heartbeat`.
 *
 * @example
 * ```ts
 * import { connect, converse, writeIdle } from 'rx-tinyproto';
 * import { takeUntil } from 'rxjs';
 *
 * connect(9123)
 *   .pipe(converse((conn) => conn.messages$.pipe(takeUntil(writeIdle(conn, 60_000)))))
 *   .subscribe({ next: console.log, error: console.error });
 * ```
 */
export function writeIdle(connection: Connection<unknown, never>, periodMs: number): Observable<void> {
  positive('periodMs', periodMs);
  // To be queued is one step, to be taken or refused another: so that a queue which drains is no silence.
  const steps = () => {
    const { messages = 0, refused = 0 } = frameDoor(connection)?.out ?? {};
    return 2 * (connection.traffic.messagesOut + refused) + messages;
  };
  const looks$ = timerMs(periodMs) < periodMs ? NEVER : interval(periodMs);
  return looks$.pipe(
    map(steps),
    startWith(steps()),
    pairwise(),
    filter(([before, now]) => before === now),
    map(() => undefined),
    takeUntil(connection.closed$),
  );
}

/**
 * Sends a message whenever nothing else has gone out for a while: a sign of life for a peer that cuts who is silent.
 *
 *     sends       --a----------b-----------
 *     period      |----|----|----|----|----|
 *     heartbeat   ----------♥---------♥----
 *
 * Looks once every `periodMs`; a beat that the peer has not taken yet is not followed by another. Emits nothing, completes when the connection has closed,
 * errors with the `SendError` of a beat that is refused. One that is lost with its wire is no error: how the connection ended is for `messages$` to say, and over `reconnect` the
 * next wire has the next beat. Merge it into the handler; the peer filters the message out, and puts an `idleTimeout` of three periods above its `consume`.
 *
 * @example
 * ```ts
 * import { connect, converse, heartbeat, text } from 'rx-tinyproto';
 * import { filter, merge } from 'rxjs';
 *
 * connect(9123, { codec: text() })
 *   .pipe(converse((conn) => merge(conn.messages$.pipe(filter((each) => each !== '♥')), heartbeat(conn, '♥', 15_000))))
 *   .subscribe({ next: console.log, error: console.error });
 * ```
 */
export function heartbeat<Out>(
  connection: Connection<unknown, Out>,
  message: Out,
  periodMs: number,
): Observable<never> {
  return writeIdle(connection, periodMs).pipe(
    exhaustMap(() => connection.send(message).pipe(catchError(unlessCutOff))),
    ignoreElements(),
  );
}

/** Nobody misses a beat that was lost with its wire; and how that ended `messages$` says, behind what had come before. */
function unlessCutOff(error: unknown): Observable<never> {
  return isCutOff(error) ? EMPTY : throwError(() => error);
}
