import { catchError, EMPTY, map, mergeMap, type OperatorFunction } from 'rxjs';
import type { Connection } from '../connection/connection.js';

/** A message, and where it came from. */
export interface Gathered<In, Out> {
  readonly connection: Connection<In, Out>;
  readonly message: In;
}

/**
 * Merges the messages of many connections into one stream, in fair turns: many to one.
 *
 *     connections   a--b------
 *     a.messages$   -1---1---1
 *     b.messages$      -2---2-
 *     gather        -1--21--21
 *
 * Each message keeps the delivery of its connection, so that a `consume` below holds each connection apart: none has more than one message waiting, and
 * they take turns. The end or the error of one connection concerns no other; the connections belong to whoever handles them. Errors of the source are passed on.
 * Unsubscribing leaves all of them.
 *
 * @example
 * ```ts
 * import { consume, gather, listen, text } from 'rx-tinyproto';
 *
 * listen(9123, { codec: text() })
 *   .pipe(
 *     gather(),
 *     consume(({ connection, message }) => connection.send(message.toUpperCase())),
 *   )
 *   .subscribe();
 * ```
 */
export function gather<In, Out>(): OperatorFunction<Connection<In, Out>, Gathered<In, Out>> {
  return mergeMap((connection) =>
    connection.messages$.pipe(
      map((message) => ({ connection, message })),
      catchError(() => EMPTY),
    ),
  );
}
