import { asapScheduler, Observable, type ObservableInput, type Subscriber } from 'rxjs';
import type { SendError } from '../errors.js';
import { isIterable } from '../flow/drawn.js';
import { held } from '../flow/drawn-async.js';
import { currentDelivery, type Hold } from '../flow/hold.js';
import { Through } from '../flow/through.js';
import type { ManySender } from './outbox.js';
import type { Waiting } from './water.js';

/** What a stream of messages needs of the connection it goes out on. */
export interface StreamRoad<Out> {
  /** Queues a message, or fails it. May throw a `SendError` for one that cannot be encoded. */
  add(message: Out, sender: ManySender): void;
  /** Takes out what has not begun. */
  withdrawAll(stream: ManySender & Waiting): void;
  /** Has it told once, when the queue is not full any more. */
  whenRoom(stream: Waiting): void;
  /** Whether the queue is above its high water mark, or has bodies to draw, each of which needs its message held. */
  readonly full: boolean;
}

/** One stream of messages, queued as there is room, with one subscription. */
export function sendAll<Out>(messages: ObservableInput<Out>, road: StreamRoad<Out>): Observable<void> {
  return new Observable((subscriber) => {
    const stream = new SendingStream(subscriber, road);
    if (isIterable(messages)) stream.drawFrom(messages);
    else stream.listenTo(held(messages));
  });
}

class SendingStream<Out> implements ManySender, Waiting {
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
    this.#source = messages[Symbol.iterator]();
    this.#subscriber.add(() => {
      const left = this.#source;
      this.#source = undefined;
      this.#road.withdrawAll(this);
      left?.return?.();
    });
    this.hasRoom();
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
    else this.#waitIfIdle();
  }

  hasRoom(): void {
    this.#letGo();
    this.#waitIfIdle();
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
      while (this.#source && !this.#road.full) this.#drawOne(this.#source);
    } catch (error) {
      this.#subscriber.error(error);
    }
    this.#isDrawing = false;
  }

  /** While it gives its next message, and when it has thrown or is done, it is not to be told to return. */
  #drawOne(source: Iterator<Out>): void {
    this.#source = undefined;
    const { done, value } = source.next();
    if (done) this.#end();
    else if (this.#subscriber.closed) source.return?.();
    else {
      this.#source = source;
      this.#add(value);
    }
  }

  /** With nothing on its way it would hear of no room that the messages of others make. */
  #waitIfIdle(): void {
    if (this.#waiting === 0 && (this.#source || this.#held)) this.#road.whenRoom(this);
  }

  #end(): void {
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
