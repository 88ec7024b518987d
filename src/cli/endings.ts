import { endWith, filter, merge, Observable, type OperatorFunction, take } from 'rxjs';
import type { ExitCode } from './exit-codes.js';
import type { Stage } from './stage.js';

/** Ends with the work, or, if that comes first, with the interruption: unsubscribed, the work ends in order. Emits the exit code of the one that ended it. */
export function interruptible({
  interrupt$,
}: Pick<Stage, 'interrupt$'>): OperatorFunction<ExitCode, ExitCode> {
  return (work$) =>
    merge(work$.pipe(endWith(undefined)), interrupt$).pipe(
      take(1),
      filter((code) => code !== undefined),
    );
}

/** Runs something beside the work, for as long as that takes; only its errors are heard. */
export function beside<T>(other$: Observable<unknown>): OperatorFunction<T, T> {
  return (work$) =>
    new Observable((subscriber) => {
      subscriber.add(other$.subscribe({ error: (error) => subscriber.error(error) }));
      subscriber.add(work$.subscribe(subscriber));
    });
}
