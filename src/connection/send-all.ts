import { asapScheduler, from, Observable, type ObservableInput, type Subscriber } from 'rxjs';
import type { SendError } from '../errors.js';
import { currentDelivery, type Hold } from '../flow/hold.js';
import { Through } from '../flow/through.js';
import type { ManySender } from './outbox.js';

/** What a stream of messages needs of the connection it goes out on. */
export interface StreamRoad<Out> {
  /** Queues a message, or fails it. May throw a `SendError` for one that cannot be encoded. */
  add(message: Out, sender: ManySender): void;
  /** Takes out what has not begun. */
  withdrawAll(sender: ManySender): void;
  /** Whether the queue is above its high water mark, or has bodies to draw, each of which needs its message held. */
  readonly full: boolean;
}

/** One stream of messages, queued as there is room, with one subscription. */
export function sendAll<Out>(messages: ObservableInput<Out>, road: StreamRoad<Out>): Observable<void> {
  return new Observable((subscriber) => {
    const stream = new SendingStream(subscriber, road);
    if (isIterable(messages)) stream.drawFrom(messages);
    else stream.listenTo(from(messages));
  });
}

class SendingStream<Out> implements ManySender {
  readonly isStream = true;
  readonly #subscriber: Subscriber<void>;
  readonly #road: StreamRoad<Out>;
  /** Messages that are queued or under way. */
  #waiting = 0;
  #source: Iterator<Out> | undefined;
  #isDrawing = false;
  /** On the last message of an Observable, while the queue is full. */
  #held: Hold | undefined;
  #ended = false;

  constructor(subscriber: Subscriber<void>, road: StreamRoad<Out>) {
    this.#subscriber = subscriber;
    this.#road = road;
  }

  /** Each message is drawn when there is room for it. */
  drawFrom(messages: Iterable<Out>): void {
    const source = messages[Symbol.iterator]();
    this.#source = source;
    this.#subscriber.add(() => {
      this.#source = undefined;
      source.return?.();
      this.#road.withdrawAll(this);
    });
    this.#draw();
  }

  /** Each message is held while there is no room for another. */
  listenTo(messages: Observable<Out>): void {
    const through = new Through<Out, void>(
      this.#subscriber,
      (message) => {
        this.#add(message);
        if (this.#road.full && !this.#subscriber.closed) this.#held ??= currentDelivery()?.hold(0);
      },
      () => this.#end(),
    );
    // Behind the end of `through`: what is let go draws on, and an endless source would never come to an end again.
    this.#subscriber.add(() => {
      this.#road.withdrawAll(this);
      this.#letGo();
    });
    messages.subscribe(through);
  }

  taken(messages: number): void {
    this.#waiting -= messages;
    if (!this.#road.full) this.#letGo();
    if (this.#ended && this.#waiting === 0) this.#complete();
  }

  failed(error: SendError): void {
    this.#waiting--;
    this.#subscriber.error(error);
  }

  #add(message: Out): void {
    this.#waiting++;
    this.#road.add(message, this);
  }

  #draw(): void {
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    try {
      while (this.#source && !this.#road.full) {
        const { done, value } = this.#source.next();
        if (done) this.#end();
        else this.#add(value);
      }
    } catch (error) {
      this.#subscriber.error(error);
    }
    this.#isDrawing = false;
  }

  #end(): void {
    this.#source = undefined;
    this.#ended = true;
    // A stream of nothing is taken, too, but not inside `subscribe`.
    if (this.#waiting === 0) this.#subscriber.add(asapScheduler.schedule(() => this.#complete()));
  }

  #complete(): void {
    this.#subscriber.next();
    this.#subscriber.complete();
  }

  #letGo(): void {
    const held = this.#held;
    this.#held = undefined;
    held?.release();
    this.#draw();
  }
}

function isIterable<T>(values: ObservableInput<T>): values is Iterable<T> & ObservableInput<T> {
  return typeof values === 'object' && Symbol.iterator in values;
}
