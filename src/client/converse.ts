import {
  catchError,
  concat,
  defer,
  ignoreElements,
  mergeMap,
  type ObservableInput,
  type OperatorFunction,
} from 'rxjs';
import { claim } from '../connection/claim.js';
import type { Connection } from '../connection/connection.js';

/**
 * Holds one conversation over a connection: emits what the handler emits, and closes the connection in order when it completes.
 *
 *     connect(…)   ---c
 *     handler(c)      --a--b|
 *     converse     -----a--b--|      completes when the connection is closed
 *
 * An error, or a throw, of the handler destroys the connection and is passed on, as is an error of the source. Unsubscribing
 * unsubscribes the handler, then the source, which for `connect` closes the connection.
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
  return mergeMap((connection) => {
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
  });
}
