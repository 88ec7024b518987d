import {
  AsyncSubject,
  catchError,
  concat,
  defer,
  EMPTY,
  finalize,
  ignoreElements,
  mergeMap,
  type Observable,
  type ObservableInput,
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
  /** How long open conversations may take to end once the server stops, before they are destroyed. @default 10,000 */
  readonly graceMs?: number;
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
 * `graceMs` (default 10,000), then they are unsubscribed and their connections destroyed. The source errors: all are destroyed, and the error is passed on.
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
  { onError = reportOurs, graceMs = 10_000 }: ServeOptions<C> = {},
): OperatorFunction<C, R> {
  positive('graceMs', graceMs);
  return (source) =>
    defer(() => {
      const stopping = new AsyncSubject<void>();
      const graceOver$ = stopping.pipe(
        switchMap(() => timer(graceMs)),
        share(),
      );
      const context = { stopping$: stopping.asObservable() };
      const stop = () => {
        stopping.next();
        stopping.complete();
      };

      const conversation = (connection: C): Observable<R> => {
        claim(connection);
        const inOrder = concat(
          defer(() => handler(connection, context)),
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
        ).pipe(finalize(() => connection.destroy()));
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
