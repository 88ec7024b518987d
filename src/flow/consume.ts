import {
  from,
  Observable,
  type ObservableInput,
  type ObservedValueOf,
  type OperatorFunction,
  Subscriber,
  throwError,
} from 'rxjs';
import { type Fifo, noQueue, queued } from '../bytes/fifo.js';
import { currentDelivery, type Delivery, HoldOn, holdLost, isStrictByDefault, redeliver } from './hold.js';
import { type Awaiting, Outcome } from './outcome.js';
import { reporting } from './report.js';

/** Options of {@link consume}. */
export interface ConsumeOptions {
  /** How many messages are at work at once. At 1, the results keep the order of the messages. @default 1 */
  readonly concurrency?: number;
  /**
   * Whether a message that comes outside a delivery, because an asynchronous operator above has let go of it, is a `HoldLostError`.
   * Otherwise such messages wait here, without a bound. @default false, and true in a `marbles()` run
   */
  readonly strict?: boolean;
}

/**
 * `mergeMap` that holds each message until its inner Observable ends, so that a slow handler slows its peer.
 *
 *     messages   a---b---c|      `b` and `c` come when there is room for them
 *     work on a  ---A|
 *     results    ---A---B---C|
 *
 * Has room while fewer than `concurrency` (default 1) inner Observables are at work. It emits their results as part of the delivery
 * of the message, so that one `consume` can follow another: a message is consumed when the last of them has let it go.
 *
 * Errors of `project` and of its Observables are passed on. Unsubscribing, and every end, unsubscribes the inner Observables and
 * releases what was held. Messages of several sources are held apart, each at its own; one that finds no room waits here.
 *
 * @example
 * ```ts
 * import { consume, listen, serve } from 'rx-tinyproto';
 *
 * listen(9123)
 *   .pipe(serve((conn) => conn.messages$.pipe(consume((message) => conn.send(message)))))
 *   .subscribe();
 * ```
 */
export function consume<T, O extends ObservableInput<unknown>>(
  project: (value: T, index: number) => O,
  { concurrency = 1, strict = isStrictByDefault() }: ConsumeOptions = {},
): OperatorFunction<T, ObservedValueOf<O>> {
  if (!(concurrency >= 1)) throw new RangeError(`concurrency is at least 1, not ${concurrency}`);
  return (source) =>
    new Observable((subscriber) => {
      source.subscribe(new Consuming(subscriber, project, concurrency, strict));
    });
}

/** One value, held from its delivery to the end of its inner Observable. */
class Held<T> extends HoldOn {
  /** Of a send that has not begun: takes it back. */
  withdraw: (() => void) | undefined = undefined;
  readonly value: T;

  constructor(value: T, delivery: Delivery | undefined, room: number) {
    super(delivery, room);
    this.value = value;
  }
}

/**
 * `mergeMap` as a class, with a hold for each value: a server runs it for each message, and every object that it does not make counts. So sends, which are what most handlers
 * answer with, are told of together, and have no subscribers of their own.
 */
class Consuming<T, O extends ObservableInput<unknown>> extends Subscriber<T> implements Awaiting {
  readonly isStream = false;
  readonly #results: Subscriber<ObservedValueOf<O>>;
  readonly #project: (value: T, index: number) => O;
  readonly #concurrency: number;
  readonly #strict: boolean;
  /** How many are at work: those that are subscribed to, and sends on one road. */
  #atWork = 0;
  #works: Work<T, O>[] | undefined;
  #sent: Fifo<Held<T>> = noQueue;
  #road: object | undefined;
  #waiting: Fifo<Held<T>> = noQueue;
  /** The hold that says how much room there is. */
  #newest: Held<T> | undefined;
  #index = 0;
  #isStarting = false;
  #isSourceDone = false;
  #isOver = false;

  constructor(
    results: Subscriber<ObservedValueOf<O>>,
    project: (value: T, index: number) => O,
    concurrency: number,
    strict: boolean,
  ) {
    super();
    this.#results = results;
    this.#project = project;
    this.#concurrency = concurrency;
    this.#strict = strict;
    results.add(this);
  }

  /** Behind the source: what is let go is for whoever reads it next. */
  override unsubscribe(): void {
    super.unsubscribe();
    if (this.#results.closed) this.#end();
  }

  protected override _next(value: T): void {
    const delivery = currentDelivery();
    if (delivery === undefined && this.#strict) {
      this.error(holdLost());
      return;
    }
    const held = new Held(value, delivery, this.#room - 1);
    if (delivery) this.#newest = held;
    this.#waiting = queued(this.#waiting, held);
    this.#start();
  }

  protected override _error(error: unknown): void {
    this.#results.error(error);
  }

  protected override _complete(): void {
    this.#isSourceDone = true;
    this.unsubscribe();
    this.#results.add(() => this.#end());
    this.#completeIfDone();
  }

  /** @internal */
  emit(held: Held<T>, result: ObservedValueOf<O>): void {
    redeliver(held.delivery, this.#results, result);
  }

  /** @internal So many more of the sends were taken. */
  taken(count: number): void {
    for (let left = count; left > 0 && !this.#isOver; left--) {
      const held = this.#sent.shift() as Held<T>;
      this.emit(held, undefined as ObservedValueOf<O>);
      this.done(held);
    }
  }

  /** @internal */
  failed(error: unknown): void {
    this.#results.error(error);
  }

  /** @internal One that was subscribed to is done, or has been unsubscribed. */
  ended(work: Work<T, O>): void {
    const works = this.#works as Work<T, O>[];
    const last = works.pop() as Work<T, O>;
    if (last !== work) {
      last.place = work.place;
      works[work.place] = last;
    }
    this.done(work.held);
  }

  /** @internal One is done. */
  done(held: Held<T>): void {
    this.#atWork--;
    this.#newest?.setRoom(this.#room);
    held.release();
    this.#start();
    this.#completeIfDone();
  }

  get #room(): number {
    return this.#concurrency - this.#atWork - this.#waiting.length;
  }

  /** A loop, because work that is done at once ends inside its start. */
  #start(): void {
    if (this.#isStarting) return;
    this.#isStarting = true;
    while (this.#atWork < this.#concurrency && !this.#isOver) {
      const held = this.#waiting.shift();
      if (held === undefined) break;
      this.#atWork++;
      this.#run(held);
    }
    this.#isStarting = false;
  }

  #run(held: Held<T>): void {
    let inner: Observable<unknown>;
    try {
      inner = from(this.#project(held.value, this.#index++));
    } catch (error) {
      inner = throwError(() => error);
    }
    if (inner instanceof Outcome && this.#isAlongside(inner)) this.#begin(inner, held);
    else this.#subscribeTo(inner as Observable<ObservedValueOf<O>>, held);
  }

  /** Those of several roads would be told of in another order than they were begun in. */
  #isAlongside({ road }: Outcome): boolean {
    if (this.#sent.length === 0) this.#road = road;
    return this.#road === road && !this.#isOver;
  }

  #begin({ road, message }: Outcome, held: Held<T>): void {
    this.#sent = queued(this.#sent, held);
    try {
      held.withdraw = road.begin(message, this);
    } catch (error) {
      this.failed(error);
    }
    if (this.#isOver) held.withdraw?.();
  }

  #subscribeTo(inner: Observable<ObservedValueOf<O>>, held: Held<T>): void {
    this.#works ??= [];
    const work = new Work(this, held, this.#works.length);
    this.#works.push(work);
    if (this.#isOver) work.unsubscribe();
    inner.subscribe(work);
  }

  #completeIfDone(): void {
    const isDone = this.#isSourceDone && this.#atWork === 0 && this.#waiting.length === 0;
    if (isDone && !this.#isOver) this.#results.complete();
  }

  #end(): void {
    this.#isOver = true;
    for (const work of [...(this.#works ?? [])]) reporting(() => work.unsubscribe());
    for (const held of this.#sent.drain()) {
      held.withdraw?.();
      this.done(held);
    }
    for (const held of this.#waiting.drain()) held.release();
  }
}

/** What subscribes to one inner Observable. */
class Work<T, O extends ObservableInput<unknown>> extends Subscriber<ObservedValueOf<O>> {
  readonly held: Held<T>;
  /** Among those at work. */
  place: number;
  readonly #owner: Consuming<T, O>;

  constructor(owner: Consuming<T, O>, held: Held<T>, place: number) {
    super();
    this.#owner = owner;
    this.held = held;
    this.place = place;
  }

  protected override _next(result: ObservedValueOf<O>): void {
    this.#owner.emit(this.held, result);
  }

  protected override _error(error: unknown): void {
    this.#owner.failed(error);
    this.unsubscribe();
  }

  protected override _complete(): void {
    this.unsubscribe();
  }

  override unsubscribe(): void {
    if (this.closed) return;
    try {
      super.unsubscribe();
    } finally {
      this.#owner.ended(this);
    }
  }
}
