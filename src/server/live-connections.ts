import { concat, defer, map, mergeMap, type OperatorFunction, of } from 'rxjs';
import type { Connection } from '../connection/connection.js';

/**
 * The connections that are open, out of a stream of all that came: the empty set first, then the set whenever one has come or gone.
 *
 *     connections       --a---b-------|
 *     closed            --------a-----b
 *     liveConnections   0-1---2-1-----(0|)      its size: it is always the same living set, so copy it to keep it
 *
 * Reads nothing and owns nothing: put it beside `serve`, on a shared source. Completes when the source has, and the last connection has closed; an error of the source is
 * passed on. How many there are is `map(({ size }) => size)`.
 *
 * @example
 * ```ts
 * import { consume, listen, liveConnections, serve } from 'rx-tinyproto';
 * import { map, share } from 'rxjs';
 *
 * const connections$ = listen(9123).pipe(share());
 * connections$.pipe(liveConnections(), map(({ size }) => size)).subscribe(console.log);
 * connections$.pipe(serve((conn) => conn.messages$.pipe(consume((message) => conn.send(message))))).subscribe();
 * ```
 */
export function liveConnections<C extends Connection<unknown, never>>(): OperatorFunction<C, ReadonlySet<C>> {
  return (source) =>
    defer(() => {
      const live = new Set<C>();
      const left = (connection: C) => {
        live.delete(connection);
        return live;
      };
      const lifeOf = (connection: C) =>
        concat(of(live.add(connection)), connection.closed$.pipe(map(() => left(connection))));
      return concat(of(live), source.pipe(mergeMap(lifeOf)));
    });
}
