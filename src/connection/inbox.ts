import { asapScheduler, Observable, type Observer, type Subscriber } from 'rxjs';
import { Gate, type GateOwner } from '../flow/hold.js';
import { reporting } from '../flow/report.js';

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
  /** A message is about to be delivered, which may go on after it. */
  willDeliver(message: In, gate: Gate): void;
  /** Whether more is to come of a message that was delivered. */
  readonly isInside: boolean;
}

export interface Failure {
  readonly error: unknown;
}

/** The receiving side of a connection: `messages$`, one message at a time, as long as somebody subscribes and every hold has room. */
export class Inbox<In> implements GateOwner {
  readonly #on: InboxEvents<In>;
  readonly #gate = new Gate(this);
  /** One, or all of them. */
  #reader: Reader<In> | undefined;
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
  }

  /** Nothing is undone when a reader leaves: it is looked at, because to be told would cost ten thousand connections a function and a list each. */
  get messages$(): Observable<In> {
    return new Observable((subscriber) => this.#add(subscriber));
  }

  /** Whether somebody subscribes, and there is room. */
  get wanted(): boolean {
    return this.#started && this.#reader?.closed === false && this.#gate.open;
  }

  /** Whether nobody will be given a message any more. */
  get over(): boolean {
    return this.#over;
  }

  get observed(): boolean {
    return this.#reader?.closed === false;
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
      if (this.observed) this.#deliverOne(message);
      else this.#ahead = message; // while it was decoded the reader has left, or the connection has been ended
    }
    this.#delivering = false;
    // The end waits behind what is there, and for somebody to tell, but not for room.
    if (this.#ending && this.#isRead && this.#isNothingLeft() && !this.#over) this.#finish();
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

  /** @internal */
  consumed(): void {
    this.#held--;
    this.#on.messageConsumed();
  }

  /** @internal */
  opened(): void {
    this.#on.inboxReady();
  }

  get #isRead(): boolean {
    return this.#started && this.observed;
  }

  #add(reader: Subscriber<In>): void {
    this.#on.claimed();
    if (this.#over) {
      tellEnd(reader, this.#ending?.failure);
      return;
    }
    this.#started = this.#isRead;
    this.#reader = this.#reader && this.observed ? new Readers(this.#reader, reader) : reader;
    this.#start();
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
    this.#on.willDeliver(message, this.#gate);
    if (this.#gate.deliver(this.#reader as Reader<In>, message)) this.consumed();
  }

  #isNothingLeft(): boolean {
    if (this.#on.isInside) return false;
    if (this.#ahead === none) this.#ahead = this.#on.readMessage();
    return this.#ahead === none;
  }

  #finish(): void {
    this.#over = true;
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader) tellEnd(reader, this.#ending?.failure);
  }
}

interface Reader<In> extends Observer<In> {
  readonly closed: boolean;
}

/** Several who read: who comes during a delivery is not among them, and starts with the next. */
class Readers<In> implements Reader<In> {
  readonly #all: readonly Reader<In>[];

  constructor(there: Reader<In>, another: Reader<In>) {
    const all = there instanceof Readers ? there.#all : [there];
    this.#all = [...all.filter(({ closed }) => !closed), another];
  }

  get closed(): boolean {
    return this.#all.every(({ closed }) => closed);
  }

  next(message: In): void {
    for (const reader of this.#all) reader.next(message);
  }

  error(error: unknown): void {
    for (const reader of this.#all) tellEnd(reader, { error });
  }

  complete(): void {
    for (const reader of this.#all) tellEnd(reader, undefined);
  }
}

function tellEnd(reader: Pick<Observer<never>, 'error' | 'complete'>, failure: Failure | undefined): void {
  reporting(() => {
    if (failure) reader.error(failure.error);
    else reader.complete();
  });
}
