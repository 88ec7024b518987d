import { asapScheduler, from, Observable, type ObservableInput, type Subscriber } from 'rxjs';
import type { SendError } from '../errors.js';
import { drawn } from '../flow/drawn.js';
import { currentDelivery, type Hold } from '../flow/hold.js';
import { Through } from '../flow/through.js';
import type { Sender } from './outbox.js';

/** What a stream of messages needs of the connection it goes out on. */
export interface StreamRoad<Out> {
  /** Queues a message, or fails it. May throw a `SendError` for one that cannot be encoded. */
  add(message: Out, sender: Sender): void;
  /** Takes out what has not begun. */
  withdrawAll(sender: Sender): void;
  /** Whether the queue is above its high water mark, or has bodies to draw, each of which needs its message held. */
  readonly full: boolean;
}

/** One stream of messages, queued as there is room, with one subscription. */
export function sendAll<Out>(messages: ObservableInput<Out>, road: StreamRoad<Out>): Observable<void> {
  return new Observable((subscriber) => {
    const stream = new SendingStream(subscriber, road);
    const source = isIterable(messages) ? drawn(messages) : from(messages);
    const through = new Through<Out, void>(
      subscriber,
      (message) => stream.add(message),
      () => stream.end(),
    );
    // Behind the end of `through`: what is let go draws on, and an endless iterable would never come to an end again.
    subscriber.add(() => stream.withdraw());
    source.subscribe(through);
  });
}

class SendingStream<Out> implements Sender {
  readonly isStream = true;
  /** Messages that are queued or under way. */
  #waiting = 0;
  /** On the last message, while the queue is full. */
  #held: Hold | undefined;
  #ended = false;

  constructor(
    private readonly subscriber: Subscriber<void>,
    private readonly road: StreamRoad<Out>,
  ) {}

  add(message: Out): void {
    this.#waiting++;
    this.road.add(message, this);
    if (this.road.full && !this.subscriber.closed) this.#held ??= currentDelivery()?.hold(0);
  }

  taken(): void {
    this.#waiting--;
    if (!this.road.full) this.#letGo();
    if (this.#ended && this.#waiting === 0) this.#complete();
  }

  failed(error: SendError): void {
    this.#waiting--;
    this.subscriber.error(error);
  }

  end(): void {
    this.#ended = true;
    // A stream of nothing is taken, too, but not inside `subscribe`.
    if (this.#waiting === 0) this.subscriber.add(asapScheduler.schedule(() => this.#complete()));
  }

  withdraw(): void {
    this.road.withdrawAll(this);
    this.#letGo();
  }

  #complete(): void {
    this.subscriber.next();
    this.subscriber.complete();
  }

  #letGo(): void {
    const held = this.#held;
    this.#held = undefined;
    held?.release();
  }
}

function isIterable<T>(values: ObservableInput<T>): values is Iterable<T> & ObservableInput<T> {
  return typeof values === 'object' && Symbol.iterator in values;
}
