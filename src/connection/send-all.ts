import { asapScheduler, from, Observable, type ObservableInput, Subscriber } from 'rxjs';
import type { SendError } from '../errors.js';
import { currentDelivery, type Hold } from '../flow/hold.js';
import type { ManySender, Sender } from '../outbox/way-out.js';

/** Where a stream of messages goes: what it needs of its connection. */
export interface StreamRoad<Out> {
  /** Queues a message, or fails it. Throws a `SendError` for one that cannot be encoded. */
  begin(message: Out, sender: Sender): unknown;
  /** Takes out what has not begun of a stream, which waits for room no more. */
  withdrawAll(stream: SendingStream): void;
  /** Whether a stream is to wait. */
  readonly full: boolean;
  /** Tells it once, when there is room, or when there is nothing more to wait for. */
  whenRoom(stream: SendingStream): void;
}

/** A stream that waits for the outcome of its messages, and for room. */
export interface SendingStream extends ManySender {
  /** There is room: lets go of what it held, or draws as long as there is. */
  hasRoom(): void;
}

/** What can be asked for one message after another. */
type Source<Out> = Iterator<Out> | AsyncIterator<Out>;

/** A stream of the platform that is no `AsyncIterable`: Safari's. */
interface Readable<Out> {
  getReader(): { read(): Promise<IteratorResult<Out>>; cancel(): Promise<never> };
}

/** See `Connection.sendAll`. What can be asked is drawn as there is room; of what comes by itself, each message is held until there is. */
export function sendAll<Out>(messages: ObservableInput<Out>, road: StreamRoad<Out>): Observable<void> {
  return new Observable((subscriber) => {
    const start = startOf(messages);
    const stream = new Stream(subscriber, road, start);
    // Behind the end of the stream itself: what is let go of draws on, and a source without end would never come to one.
    subscriber.add(() => {
      road.withdrawAll(stream);
      stream.leave();
    });
    if (start) stream.hasRoom();
    else from(messages).subscribe(stream);
  });
}

class Stream<Out> extends Subscriber<Out> implements SendingStream {
  readonly isStream = true;
  readonly #done: Subscriber<void>;
  readonly #road: StreamRoad<Out>;
  /** So many messages have no outcome. */
  #waiting = 0;
  /** On the message that found no room behind it. */
  #held: Hold | undefined;
  #hasEnded = false;
  /** Starts the drawing. Absent where nothing can be asked, or any more: it is done, has thrown or was left. */
  #start: (() => Source<Out>) | undefined;
  /** What is asked, while it is not at work on an answer that it gives at once. */
  #source: Source<Out> | undefined;
  /** An answer of it has yet to come. */
  #isAsked = false;

  constructor(done: Subscriber<void>, road: StreamRoad<Out>, start: (() => Source<Out>) | undefined) {
    super(done);
    this.#done = done;
    this.#road = road;
    this.#start = start;
  }

  protected override _next(message: Out): void {
    this.#add(message);
    if (!this.#road.full || this.closed) return;
    this.#held ??= currentDelivery()?.hold(0);
    if (this.#held) this.#road.whenRoom(this);
  }

  protected override _complete(): void {
    this.#hasEnded = true;
    // A stream of nothing is taken, too, but not inside `subscribe`.
    if (!this.#waiting) this.#done.add(asapScheduler.schedule(() => this.taken(0)));
  }

  taken(messages: number): void {
    this.#waiting -= messages;
    if (!this.#hasEnded || this.#waiting) return;
    this.#done.next();
    this.#done.complete();
  }

  failed(error: SendError): void {
    this.#done.error(error);
  }

  hasRoom(): void {
    const held = this.#held;
    this.#held = undefined;
    held?.release();
    try {
      while (this.#start && !this.#isAsked) {
        if (this.#road.full) {
          this.#road.whenRoom(this);
          return;
        }
        const source = this.#source ?? this.#start();
        // One that gives at once is not to be told to return meanwhile.
        this.#source = undefined;
        this.#isAsked = true;
        const next = source.next();
        this.#source = source;
        if ('then' in next)
          next.then(
            (given) => {
              this.#give(given);
              this.hasRoom();
            },
            (error) => this.#threw(error),
          );
        else this.#give(next);
      }
    } catch (error) {
      this.#threw(error);
    }
  }

  /** Nobody wants more of it: what was started is told to return. */
  leave(): void {
    this.#start = undefined;
    const left = this.#source?.return?.();
    this.#source = undefined;
    if (left && 'then' in left) left.then(nothing, nothing);
    // Whoever is held goes on.
    this.hasRoom();
  }

  #give({ done, value }: IteratorResult<Out>): void {
    this.#isAsked = false;
    if (done) {
      this.#start = this.#source = undefined;
      this.complete();
    } else if (this.closed) this.leave();
    else this.#add(value);
  }

  #add(message: Out): void {
    this.#waiting++;
    try {
      this.#road.begin(message, this);
    } catch (error) {
      this.error(error);
    }
  }

  #threw(error: unknown): void {
    this.#start = this.#source = undefined;
    this.error(error);
  }
}

const nothing = (): void => {};

/** What starts the drawing, where a source can be asked. */
function startOf<Out>(messages: ObservableInput<Out>): (() => Source<Out>) | undefined {
  const given = messages as Partial<Iterable<Out> & AsyncIterable<Out>> & Readable<Out>;
  const start: (() => Source<Out>) | false | undefined =
    given[Symbol.asyncIterator] ?? (typeof given === 'object' && given[Symbol.iterator]);
  if (start) return () => start.call(given);
  if (!given.getReader) return undefined;
  return () => {
    const reader = given.getReader();
    return { next: () => reader.read(), return: () => reader.cancel() };
  };
}
