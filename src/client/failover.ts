import { catchError, defer, type Observable, tap, throwError } from 'rxjs';
import { isPermanent } from './permanent.js';

/**
 * The first of several sources that comes up: each subscription tries them in order, and the next only when the one before has failed without emitting.
 *
 *     connect(a)   --#
 *     connect(b)     ---c------|
 *     failover     -----c------|      the end of the one that came up is the end
 *
 * Errors when the last has failed: with the last error that may pass (see `isPermanent`), so that `reconnect` above it tries again as long as one of them
 * is worth it. Each subscription begins with the first, so put the one you prefer there. Unsubscribing leaves the one at hand. Without a source, a `RangeError` is thrown at once.
 *
 * @example
 * ```ts
 * import { connect, converse, failover, reconnect } from 'rx-tinyproto';
 *
 * failover(connect('127.0.0.1:9123'), connect('127.0.0.1:9124'))
 *   .pipe(reconnect(), converse((conn) => conn.messages$))
 *   .subscribe({ next: console.log, error: console.error });
 * ```
 */
export function failover<C>(...sources: readonly Observable<C>[]): Observable<C> {
  if (sources.length === 0) throw new RangeError('failover needs a source');
  return attempt(sources);
}

function attempt<C>(
  [first, ...others]: readonly Observable<C>[],
  before?: { readonly error: unknown },
): Observable<C> {
  return defer(() => {
    let up = false;
    return (first as Observable<C>).pipe(
      tap(() => {
        up = true;
      }),
      catchError((error) => {
        if (up) return throwError(() => error);
        const worth = before && isPermanent(error) ? before : { error };
        return others.length > 0 ? attempt(others, worth) : throwError(() => worth.error);
      }),
    );
  });
}
