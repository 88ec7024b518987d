import { endWith, ignoreElements, type MonoTypeOperatorFunction, type Observable, takeUntil } from 'rxjs';

/**
 * Passes on what comes as long as some work goes on beside it. Subscribes to the work with its source, ends when either ends, and passes on the
 * errors of both; what the work emits is nobody's business.
 *
 *     source     --a--b--c--d
 *     work       -x---x---|
 *     asLongAs   --a--b---|
 */
export function asLongAs<T>(work$: Observable<unknown>): MonoTypeOperatorFunction<T> {
  return takeUntil(work$.pipe(ignoreElements(), endWith('over')));
}
