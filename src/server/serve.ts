import {
  AsyncSubject,
  catchError,
  concat,
  defer,
  delay,
  EMPTY,
  finalize,
  ignoreElements,
  mergeMap,
  type NextObserver,
  type Observable,
  type ObservableInput,
  type Observer,
  type OperatorFunction,
  share,
  switchMap,
  takeUntil,
  tap,
  timer,
} from 'rxjs';
import { claim } from '../connection/claim.js';
import type { Connection } from '../connection/connection.js';
import { positive } from '../connection/options.js';
import { ProtocolError, SendError, WireError } from '../errors.js';
import { progressTeller, type ShutdownProgress } from './shutdown-progress.js';

export interface ServeContext {
  /** Emits once, and completes, when the server is to stop: end the conversation. Replays. */
  readonly stopping$: Observable<void>;
}

export interface ServeOptions<C> {
  /**
   * Told the error of a handler, whose connection is destroyed then. Without it, errors of the peer and of the road are dropped, and any other
   * goes to `console.error`.
   */
  readonly onError?: (error: unknown, connection: C) => void;
  /** How long a conversation may take to end once it is told that the server stops, before it is destroyed. @default 10,000 */
  readonly graceMs?: number;
  /**
   * Over how long the conversations are told, each at a random time of its own, so that the clients of a large server do not come back all at once.
   * @default 0: all are told at once
   */
  readonly spreadMs?: number;
  /** Where chance comes from: a number from 0 to below 1. @default Math.random */
  readonly random?: () => number;
  /** Told how many connections are left, when the server stops and whenever one has closed since; completes when none is. */
  readonly progressObserver?: Observer<ShutdownProgress> | NextObserver<ShutdownProgress>;
}

/**
 * Owns the connections of a server: runs the handler for each, emits what the handlers emit, and closes what they leave.
 *
 *     listen(…)   --c-----d-------|        the source completes: stop
 *     handler(c)    --a--------b|          completes: `c` is closed in order
 *     handler(d)          #                errors: `d` alone is destroyed
 *     stopping$   ----------------(x|)
 *     serve       ----a--------b---|       completes when the last connection is closed
 *
 * A handler that errors or throws harms its own connection. The source completes (a `takeUntil` above): `stopping$` emits, open handlers have
 * `graceMs` (default 10,000), then they are unsubscribed and their connections destroyed. With `spreadMs`, each is told at a random time of its own. The source errors: all are destroyed, and the error is passed on.
 * Unsubscribing destroys all at once.
 *
 * @example
 * ```ts
 * import { consume, listen, serve } from 'rx-tinyproto';
 * import { takeUntil, timer } from 'rxjs';
 *
 * listen('127.0.0.1:9123')
 *   .pipe(
 *     takeUntil(timer(60_000)),
 *     serve((conn, { stopping$ }) =>
 *       conn.messages$.pipe(
 *         takeUntil(stopping$),
 *         consume((message) => conn.send(message)),
 *       ),
 *     ),
 *   )
 *   .subscribe();
 * ```
 */
export function serve<C extends Connection<unknown, never>, R>(
  handler: (connection: C, context: ServeContext) => ObservableInput<R>,
  {
    onError = reportOurs,
    graceMs = 10_000,
    spreadMs = 0,
    random = Math.random,
    progressObserver,
  }: ServeOptions<C> = {},
): OperatorFunction<C, R> {
  positive('graceMs', graceMs);
  if (!(spreadMs >= 0)) throw new RangeError(`spreadMs is at least 0, not ${spreadMs}`);
  return (source) =>
    defer(() => {
      const stopping = new AsyncSubject<void>();
      const progress = progressTeller(progressObserver);
      const graceAfter = (stopping$: Observable<void>) =>
        stopping$.pipe(
          switchMap(() => timer(graceMs)),
          share(),
        );
      const graceOver$ = graceAfter(stopping);
      const atOnce = { stopping$: stopping.asObservable(), graceOver$ };

      /** A conversation's own time to stop: the same for all who ask. */
      const atItsTime = () => {
        if (spreadMs === 0) return atOnce;
        const stopping$ = stopping.pipe(
          delay(random() * spreadMs),
          share({ connector: () => new AsyncSubject(), resetOnComplete: false }),
        );
        return { stopping$, graceOver$: graceAfter(stopping$) };
      };

      const stop = () => {
        progress.stop();
        stopping.next();
        stopping.complete();
      };

      const conversation = (connection: C): Observable<R> => {
        claim(connection);
        progress.opened();
        const { stopping$, graceOver$ } = atItsTime();
        const inOrder = concat(
          defer(() => handler(connection, { stopping$ })),
          connection.close().pipe(ignoreElements()),
        );
        return concat(
          inOrder.pipe(
            takeUntil(graceOver$),
            catchError((error) => {
              onError(error, connection);
              return EMPTY;
            }),
          ),
          destroyed(connection),
        ).pipe(
          finalize(() => {
            connection.destroy();
            progress.closed();
          }),
        );
      };

      return source.pipe(tap({ complete: stop }), mergeMap(conversation));
    });
}

/** Destroys what has not ended in order, and completes when it is gone. */
function destroyed(connection: Connection<unknown, never>): Observable<never> {
  return defer(() => {
    connection.destroy();
    return connection.closed$.pipe(ignoreElements());
  });
}

/** Errors of the peer and of the road are their business; what is left is a mistake that somebody should hear of. */
function reportOurs(error: unknown): void {
  const theirs =
    error instanceof ProtocolError ||
    error instanceof WireError ||
    (error instanceof SendError && error.code === 'connection-closed');
  if (!theirs) console.error(error);
}
