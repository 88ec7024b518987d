import type { SchedulerAction, Subscription } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';

/**
 * A `TestScheduler` without a fault of RxJS 7.8: when an immediate cancels a timer that is due in the same millisecond, the scheduler looks once more for the
 * timer, finds nothing, and throws. Finding nothing to do is no error.
 */
export class TestClock extends TestScheduler {
  override schedule<T>(
    work: (this: SchedulerAction<T>, state?: T) => void,
    delay?: number,
    state?: T,
  ): Subscription {
    const tolerant = function (this: SchedulerAction<T>, now?: T) {
      try {
        work.call(this, now);
      } catch (error) {
        if (!(error instanceof Error && error.message === 'Expected a due immediate or interval'))
          throw error;
      }
    };
    return super.schedule(tolerant, delay, state);
  }
}
