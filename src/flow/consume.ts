import {
  from,
  Observable,
  type ObservableInput,
  type ObservedValueOf,
  type OperatorFunction,
  Subscriber,
} from 'rxjs';
import { Fifo } from './fifo.js';
import { currentDelivery, type Delivery, type Hold, holdLost, isStrictByDefault, redeliver } from './hold.js';

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

/** `mergeMap` as a class, with a hold for each value: a server runs it for each message, and every object that it does not make counts. */
class Consuming<T, O extends ObservableInput<unknown>> extends Subscriber<T> {
  readonly #results: Subscriber<ObservedValueOf<O>>;
  readonly #project: (value: T, index: number) => O;
  readonly #concurrency: number;
  readonly #strict: boolean;
  readonly #atWork: Work<T, O>[] = [];
  readonly #waiting = new Fifo<Work<T, O>>();
  /** The hold that says how much room there is. */
  #newest: Hold | undefined;
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
    super(results);
    this.#results = results;
    this.#project = project;
    this.#concurrency = concurrency;
    this.#strict = strict;
    // Behind the source: what is let go is for whoever reads it next.
    results.add(() => this.#end());
  }

  protected override _next(value: T): void {
    const delivery = currentDelivery();
    if (delivery === undefined && this.#strict) {
      this.error(holdLost());
      return;
    }
    const hold = delivery?.hold(this.#room - 1);
    if (hold) this.#newest = hold;
    this.#waiting.push(new Work(this, value, delivery, hold));
    this.#start();
  }

  protected override _complete(): void {
    this.#isSourceDone = true;
    this.unsubscribe();
    this.#completeIfDone();
  }

  /** @internal */
  emit(delivery: Delivery | undefined, result: ObservedValueOf<O>): void {
    redeliver(delivery, this.#results, result);
  }

  /** @internal */
  fail(error: unknown): void {
    this.#results.error(error);
  }

  /** @internal One is done, or has been unsubscribed. */
  done(work: Work<T, O>): void {
    const last = this.#atWork.pop() as Work<T, O>;
    if (last !== work) {
      last.place = work.place;
      this.#atWork[work.place] = last;
    }
    this.#newest?.setRoom(this.#room);
    work.letGo();
    this.#start();
    this.#completeIfDone();
  }

  get #room(): number {
    return this.#concurrency - this.#atWork.length - this.#waiting.length;
  }

  /** A loop, because work that is done at once ends inside its start. */
  #start(): void {
    if (this.#isStarting) return;
    this.#isStarting = true;
    while (this.#atWork.length < this.#concurrency && !this.#isOver) {
      const work = this.#waiting.shift();
      if (work === undefined) break;
      work.place = this.#atWork.length;
      this.#atWork.push(work);
      this.#run(work);
    }
    this.#isStarting = false;
  }

  #run(work: Work<T, O>): void {
    try {
      (from(this.#project(work.value, this.#index++)) as Observable<ObservedValueOf<O>>).subscribe(work);
    } catch (error) {
      this.fail(error);
    }
  }

  #completeIfDone(): void {
    const isDone = this.#isSourceDone && this.#atWork.length === 0 && this.#waiting.length === 0;
    if (isDone && !this.#isOver) this.#results.complete();
  }

  #end(): void {
    this.#isOver = true;
    for (const work of [...this.#atWork]) work.unsubscribe();
    for (const work of this.#waiting.drain()) work.letGo();
  }
}

/** One value, from its delivery to the end of its inner Observable, which it subscribes to. */
class Work<T, O extends ObservableInput<unknown>> extends Subscriber<ObservedValueOf<O>> {
  /** Among those at work. */
  place = 0;
  readonly value: T;
  readonly #owner: Consuming<T, O>;
  readonly #delivery: Delivery | undefined;
  readonly #hold: Hold | undefined;

  constructor(owner: Consuming<T, O>, value: T, delivery: Delivery | undefined, hold: Hold | undefined) {
    super();
    this.#owner = owner;
    this.value = value;
    this.#delivery = delivery;
    this.#hold = hold;
  }

  letGo(): void {
    this.#hold?.release();
  }

  protected override _next(result: ObservedValueOf<O>): void {
    this.#owner.emit(this.#delivery, result);
  }

  protected override _error(error: unknown): void {
    this.#owner.fail(error);
    this.unsubscribe();
  }

  protected override _complete(): void {
    this.unsubscribe();
  }

  override unsubscribe(): void {
    if (this.closed) return;
    super.unsubscribe();
    this.#owner.done(this);
  }
}
