import { BehaviorSubject, distinctUntilChanged, type Observable } from 'rxjs';
import type { Flow } from './connection.js';
import type { Outbox, OutboxOptions } from './outbox.js';

/** Watches how high the queue of sends stands. */
export interface Water {
  readonly flow$: Observable<Flow>;
  /** Whether it is above the high mark, and has not fallen to the low one since. */
  readonly high: boolean;
  /** Looks again. */
  look(): void;
  close(): void;
}

/** The high mark is at half of either bound, the low one at a quarter. */
export function water(queue: Pick<Outbox, 'bytes' | 'messages'>, limits: OutboxOptions): Water {
  const state = new BehaviorSubject<Flow>('open');
  const above = (part: number) =>
    queue.bytes > limits.maxQueuedBytes * part || queue.messages > limits.maxQueuedMessages * part;
  let high = false;
  return {
    flow$: state.pipe(distinctUntilChanged()),
    get high() {
      return high;
    },
    look() {
      if (above(high ? 1 / 4 : 1 / 2) === high) return;
      high = !high;
      state.next(high ? 'paused' : 'open');
    },
    close: () => state.complete(),
  };
}
