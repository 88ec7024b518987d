import {
  catchError,
  concat,
  defer,
  EMPTY,
  ignoreElements,
  type MonoTypeOperatorFunction,
  mergeMap,
  type Observable,
  type ObservableInput,
  type OperatorFunction,
  tap,
  throwError,
  timer,
} from 'rxjs';
import { claim } from '../connection/claim.js';
import type { Connection } from '../connection/connection.js';
import { consume } from '../flow/consume.js';

/**
 * Holds one conversation over a connection: emits what the handler emits, and closes the connection in order when it completes.
 *
 *     connect(…)   ---c
 *     handler(c)      --a--b|
 *     converse     -----a--b--|      completes when the connection is closed
 *
 * An error, or a throw, of the handler destroys the connection and is passed on. So is an error of the source, behind the messages that had come before it: a handler that
 * reads has them all, however long it takes over each. Unsubscribing unsubscribes the handler, then the source, which for `connect` closes the connection.
 *
 * @example
 * ```ts
 * import { connect, converse, text } from 'rx-tinyproto';
 *
 * connect('127.0.0.1:9123', { codec: text() })
 *   .pipe(converse((conn) => conn.send('hello')))
 *   .subscribe({ error: console.error });
 * ```
 */
export function converse<C extends Connection<unknown, never>, R>(
  handler: (connection: C) => ObservableInput<R>,
): OperatorFunction<C, R> {
  const converseOver = (connection: C): Observable<R> => {
    claim(connection);
    const conversation = concat(
      defer(() => handler(connection)),
      connection.close().pipe(ignoreElements()),
    );
    return conversation.pipe(
      catchError((error) => {
        connection.destroy();
        throw error;
      }),
    );
  };
  return (source) => source.pipe(behindMessages(), mergeMap(converseOver));
}

/**
 * The same, but an error waits until what had come before it is read: it would end the handler, which is told of it by `messages$` anyway.
 *
 *     connect           c---#
 *     c.messages$       -a-b  -c--#      the handler takes its time over each
 *     behindMessages    c---------#
 */
const behindMessages = <C extends Connection<unknown, never>>(): MonoTypeOperatorFunction<C> => {
  return (source) =>
    defer(() => {
      let latest: C | undefined;
      return source.pipe(
        tap((connection) => {
          latest = connection;
        }),
        catchError((error) =>
          concat(
            latest ? readOut(latest) : EMPTY,
            throwError(() => error),
          ),
        ),
      );
    });
};

/**
 * Reads along to the end, for which nobody else may be there to wait. Each message is held for a moment, so that a handler that takes one at a time comes back for the next.
 */
const readOut = ({ messages$ }: Connection<unknown, never>): Observable<never> =>
  messages$.pipe(
    consume(() => timer(0)),
    ignoreElements(),
    catchError(() => EMPTY),
  );
