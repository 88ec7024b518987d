import { asapScheduler, Observable, type Subscriber } from 'rxjs';
import { type Delivery, Gate, type GateOwner } from '../flow/hold.js';

/** No message; a codec may make a message of anything else. */
export const none = Symbol('none');
export type None = typeof none;

export interface InboxEvents<In> {
  /** The next message, if one is complete. */
  readMessage(): In | None;
  /** A message that was read is consumed. */
  messageConsumed(): void;
  /** Delivery may go on: there is a subscriber, or room. */
  inboxReady(): void;
  /** Somebody wants to read. */
  claimed(): void;
  /** Where a message may go on after its delivery: what has more of it. */
  restOf(message: In): Rest | undefined;
  /** Whether more is to come of a message that was delivered. */
  readonly isInside: boolean;
}

/** What is still to come of a message that is delivered. */
export interface Rest {
  delivery: Delivery | undefined;
  /** Nobody holds the message any more; `over` is called when all of it has come. */
  consumed(over: () => void): void;
}

export interface Failure {
  readonly error: unknown;
}

/** The receiving side of a connection: `messages$`, one message at a time, as long as somebody subscribes and every hold has room. */
export class Inbox<In> implements GateOwner {
  readonly messages$: Observable<In>;
  readonly #on: InboxEvents<In>;
  readonly #gate = new Gate(this);
  /** Never changed, but replaced: who comes during a delivery starts with the next. */
  #readers: readonly Subscriber<In>[] = nobody;
  #held = 0;
  #delivering = false;
  #started = false;
  #starting = false;
  #ending: { readonly failure: Failure | undefined } | undefined;
  #over = false;
  /** Read ahead of its delivery, which happens only to find out whether anything is left before the end. */
  #ahead: In | None = none;

  constructor(on: InboxEvents<In>) {
    this.#on = on;
    this.messages$ = new Observable((subscriber) => this.#add(subscriber));
  }

  /** Whether somebody subscribes, and there is room. */
  get wanted(): boolean {
    return this.#started && !this.#over && this.#gate.open;
  }

  get observed(): boolean {
    return this.#readers.length > 0;
  }

  /** Messages that are delivered, or being delivered, and not consumed. */
  get held(): number {
    return this.#held;
  }

  /** Delivers what is there and wanted. */
  deliver(): void {
    if (this.#delivering || this.#over) return;
    this.#delivering = true;
    while (this.wanted) {
      const message = this.#next();
      if (message === none) break;
      this.#deliverOne(message);
    }
    this.#delivering = false;
    // The end waits behind what is there, and for somebody to tell, but not for room.
    if (this.#ending && this.#started && this.#isNothingLeft() && !this.#over) this.#finish();
  }

  /** No message will come any more: ends `messages$` once those that are there are delivered. The first call counts. */
  end(failure?: Failure): void {
    this.#ending ??= { failure };
    this.deliver();
  }

  /** Ends `messages$` now. */
  cut(failure?: Failure): void {
    if (this.#over) return;
    this.#ending = { failure };
    this.#finish();
  }

  /** Whether all that came is delivered and consumed. May decode one message ahead: ask only when no more can come. */
  consumedAll(): boolean {
    return this.#held === 0 && (this.#over || this.#isNothingLeft());
  }

  /** @internal To all who read. */
  next(message: In): void {
    for (const reader of this.#readers) reader.next(message);
  }

  /** @internal */
  consumed(): void {
    this.#held--;
    this.#on.messageConsumed();
  }

  /** @internal */
  opened(): void {
    this.#on.inboxReady();
  }

  #add(reader: Subscriber<In>): void {
    this.#on.claimed();
    if (this.#over) {
      tellEnd(reader, this.#ending?.failure);
      return;
    }
    this.#readers = this.#readers.concat(reader);
    reader.add(() => this.#remove(reader));
    this.#start();
  }

  #remove(reader: Subscriber<In>): void {
    this.#readers = this.#readers.filter((each) => each !== reader);
    if (this.#readers.length === 0) this.#started = false;
  }

  /** Delivery starts in a later task than the first subscription, so that all who subscribe in one turn see the first message. */
  #start(): void {
    if (this.#started || this.#starting) return;
    this.#starting = true;
    asapScheduler.schedule(() => {
      this.#starting = false;
      this.#started = this.observed;
      if (this.#started) this.#on.inboxReady();
    });
  }

  #next(): In | None {
    if (this.#ahead === none) return this.#on.readMessage();
    const message = this.#ahead;
    this.#ahead = none;
    return message;
  }

  #deliverOne(message: In): void {
    this.#held++;
    const rest = this.#on.restOf(message);
    if (rest) this.#deliverInside(message, rest);
    else if (this.#hand(message)) this.consumed();
  }

  #deliverInside(message: In, rest: Rest): void {
    const letGo = () => rest.consumed(() => this.consumed());
    rest.delivery = this.#gate.prepare(letGo);
    if (this.#hand(message)) letGo();
  }

  #hand(message: In): boolean {
    const readers = this.#readers;
    return this.#gate.deliver(readers.length === 1 ? (readers[0] as Subscriber<In>) : this, message);
  }

  #isNothingLeft(): boolean {
    if (this.#on.isInside) return false;
    if (this.#ahead === none) this.#ahead = this.#on.readMessage();
    return this.#ahead === none;
  }

  #finish(): void {
    this.#over = true;
    const readers = this.#readers;
    this.#readers = nobody;
    for (const reader of readers) tellEnd(reader, this.#ending?.failure);
  }
}

const nobody: readonly never[] = [];

function tellEnd(reader: Subscriber<never>, failure: Failure | undefined): void {
  if (failure) reader.error(failure.error);
  else reader.complete();
}
