import { BehaviorSubject, type Observable } from 'rxjs';
import type { Flow } from './connection.js';
import type { Outbox, OutboxOptions } from './outbox.js';

/** Watches how high the queue of sends stands: the high mark is at half of either bound, the low one at a quarter. */
export class Water {
  readonly #queue: Pick<Outbox, 'bytes' | 'messages'>;
  readonly #mostBytes: number;
  readonly #mostMessages: number;
  /** Made for the first who asks: most never do. */
  #state: BehaviorSubject<Flow> | undefined;
  #high = false;
  #closed = false;

  constructor(queue: Pick<Outbox, 'bytes' | 'messages'>, limits: OutboxOptions) {
    this.#queue = queue;
    this.#mostBytes = limits.maxQueuedBytes;
    this.#mostMessages = limits.maxQueuedMessages;
  }

  get flow$(): Observable<Flow> {
    this.#state ??= new BehaviorSubject<Flow>(this.#high ? 'paused' : 'open');
    if (this.#closed) this.#state.complete();
    return this.#state.asObservable();
  }

  /** Whether it is above the high mark, and has not fallen to the low one since. */
  get high(): boolean {
    return this.#high;
  }

  /** Looks again. */
  look(): void {
    if (this.#isAbove(this.#high ? 1 / 4 : 1 / 2) === this.#high) return;
    this.#high = !this.#high;
    this.#state?.next(this.#high ? 'paused' : 'open');
  }

  close(): void {
    this.#closed = true;
    this.#state?.complete();
  }

  #isAbove(part: number): boolean {
    return this.#queue.bytes > this.#mostBytes * part || this.#queue.messages > this.#mostMessages * part;
  }
}
