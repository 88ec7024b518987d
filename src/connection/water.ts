import { BehaviorSubject, type Observable } from 'rxjs';
import { reporting } from '../flow/report.js';
import type { Flow } from './connection.js';
import type { Outbox, OutboxOptions } from './outbox.js';

/** A stream that has something to send, and nothing on its way of which it would hear. */
export interface Waiting {
  hasRoom(): void;
}

/** Watches how high the queue of sends stands: the high mark is at half of either bound, the low one at a quarter. */
export class Water {
  readonly #queue: Pick<Outbox, 'bytes' | 'messages' | 'bodies'>;
  readonly #mostBytes: number;
  readonly #mostMessages: number;
  /** Made for the first who asks: most never do. */
  #state: BehaviorSubject<Flow> | undefined;
  #high = false;
  #waiting: Set<Waiting> | undefined;
  #closed = false;

  constructor(queue: Pick<Outbox, 'bytes' | 'messages' | 'bodies'>, limits: OutboxOptions) {
    this.#queue = queue;
    this.#mostBytes = limits.maxQueuedBytes;
    this.#mostMessages = limits.maxQueuedMessages;
  }

  get flow$(): Observable<Flow> {
    this.#state ??= new BehaviorSubject<Flow>(this.#high ? 'paused' : 'open');
    if (this.#closed) this.#state.complete();
    return this.#state.asObservable();
  }

  /** Whether streams wait: it is above the high mark and has not fallen to the low one since, or has bodies to draw, each of which needs its message held. */
  get full(): boolean {
    return this.#high || this.#queue.bodies > 0;
  }

  /** Looks again. Those who wait for room come before whoever asks now: a stream without end would leave them none. */
  look(): void {
    if (this.#isAbove(this.#high ? 1 / 4 : 1 / 2) !== this.#high) {
      this.#high = !this.#high;
      this.#state?.next(this.#high ? 'paused' : 'open');
    }
    if (this.#waiting && !this.full) this.#tellRoom();
  }

  /** Tells it once, when there is room, or when there is nothing more to wait for. */
  whenRoom(stream: Waiting): void {
    this.#waiting ??= new Set();
    this.#waiting.add(stream);
  }

  /** It waits no more. */
  leave(stream: Waiting): void {
    this.#waiting?.delete(stream);
  }

  close(): void {
    this.#closed = true;
    reporting(() => this.#state?.complete());
    this.#tellRoom();
  }

  #tellRoom(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    for (const stream of waiting ?? []) stream.hasRoom();
  }

  #isAbove(part: number): boolean {
    return this.#queue.bytes > this.#mostBytes * part || this.#queue.messages > this.#mostMessages * part;
  }
}
