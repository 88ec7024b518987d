import { HoldLostError } from '../errors.js';

/*
 * RxJS pushes. The bound comes from one rule, which keeps every stream a plain Observable:
 *
 *   A source delivers one message at a time. While `next(message)` runs, any operator below may hold it. The next message is
 *   delivered only when every present hold has room. A message is consumed when its last hold is released, or at once if nobody held it.
 *
 * Operators are synchronous from one `next` to the next, so "while next runs" is a module variable, set and restored around each
 * delivery like a stack frame. Nobody pays for a message that nobody holds: its `Delivery` is made by the first hold.
 */
let current: Gate | Delivery | undefined;
/** Set where a lost hold is an error if nobody says otherwise: throws it. */
let refuse: (() => never) | undefined;
let holdWatcher: HoldWatcher | undefined;

/** Is told of every hold, and gives back what is to be told of its release. */
export type HoldWatcher = () => () => void;

/** Watches all holds from now on, beside those who do already; returns what ends it. For test runners. */
export function watchHolds(watcher: HoldWatcher): () => void {
  const before = holdWatcher;
  holdWatcher = before ? () => both(before(), watcher()) : watcher;
  return () => {
    holdWatcher = before;
  };
}

const both = (one: () => void, other: () => void) => () => {
  one();
  other();
};

/** Options of {@link hold}. */
export interface HoldOptions {
  /** How many more messages the holder takes meanwhile. With 0, the source waits. @default 0 */
  readonly room?: number;
}

/** A claim on one message: it stays unconsumed, and its source may wait, until the release. */
export interface Hold {
  /** How many more messages the holder takes now. */
  setRoom(room: number): void;
  /** The holder is done with the message. Later calls do nothing. */
  release(): void;
}

/** Who has messages to deliver, and is told what becomes of them. */
export interface GateOwner {
  /** A held message has lost its last hold. */
  consumed(): void;
  /** The next message may come. */
  opened(): void;
}

/** What holds are made on: the source's side of the agreement. */
export class Gate {
  #withoutRoom = 0;
  #delivery: Delivery | undefined;
  /** @internal Who waits for room; see {@link whenOpen}. */
  waiting: (() => void) | undefined;
  /** @internal */
  readonly owner: GateOwner;

  constructor(owner: GateOwner) {
    this.owner = owner;
  }

  /** Whether every present hold has room. */
  get open(): boolean {
    return this.#withoutRoom === 0;
  }

  /** Runs `next(message)` as a delivery. Returns whether the message is consumed already, since nobody holds it. */
  deliver<T>(observers: readonly { next(message: T): void }[], message: T): boolean {
    const outer = current;
    current = this;
    try {
      for (const observer of observers) observer.next(message);
    } finally {
      current = outer;
    }
    const delivery = this.#delivery;
    if (delivery === undefined) return true;
    this.#delivery = undefined;
    return delivery.delivered();
  }

  /** How the next message is delivered: for a source that may hold it, too. */
  willDeliver(delivery: Delivery): void {
    this.#delivery = delivery;
  }

  /** @internal The message that is being delivered, as something to hold. */
  delivery(): Delivery {
    this.#delivery ??= new Delivery(this);
    return this.#delivery;
  }

  /** @internal A hold gained (-1) or lost (+1) its room. */
  shift(by: 1 | -1): void {
    this.#withoutRoom += by;
    if (this.#withoutRoom > 0) return;
    this.owner.opened();
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.();
  }
}

/** One held message. */
export class Delivery {
  readonly gate: Gate;
  /** @internal How many hold it. */
  holds = 0;
  #running = true;

  constructor(gate: Gate) {
    this.gate = gate;
  }

  hold(room: number): Hold {
    return new HoldOn(this, room);
  }

  /** The first `next` has returned. Returns whether the message is consumed, since nobody holds it. */
  delivered(): boolean {
    this.#running = false;
    return this.holds === 0;
  }

  /** @internal A hold was released. */
  letGo(): void {
    this.holds--;
    if (this.holds === 0 && !this.#running) this.consumed();
  }

  protected consumed(): void {
    this.gate.owner.consumed();
  }
}

/** A hold, until it is released. Outside a delivery it holds nothing. */
export class HoldOn implements Hold {
  #delivery: Delivery | undefined;
  #blocks: boolean;
  readonly #released: (() => void) | undefined;

  constructor(delivery: Delivery | undefined, room: number) {
    this.#delivery = delivery;
    this.#blocks = !(room > 0);
    if (delivery === undefined) return;
    this.#released = holdWatcher?.();
    delivery.holds++;
    if (this.#blocks) delivery.gate.shift(1);
  }

  /** What is held. */
  get delivery(): Delivery | undefined {
    return this.#delivery;
  }

  setRoom(room: number): void {
    const blocks = !(room > 0);
    if (this.#delivery === undefined || blocks === this.#blocks) return;
    this.#blocks = blocks;
    this.#delivery.gate.shift(blocks ? 1 : -1);
  }

  release(): void {
    const delivery = this.#delivery;
    if (delivery === undefined) return;
    this.#delivery = undefined;
    this.#released?.();
    delivery.letGo();
    if (this.#blocks) delivery.gate.shift(-1);
  }
}

/** Calls back once, when every present hold has room: at once, if it has. For somebody who has another source to read from then. */
export function whenOpen(gate: Gate, open: () => void): void {
  if (gate.open) {
    open();
    return;
  }
  const before = gate.waiting;
  gate.waiting = () => {
    before?.();
    whenOpen(gate, open);
  };
}

/** The message that is being delivered right now, or undefined outside a delivery. */
export function currentDelivery(): Delivery | undefined {
  return current instanceof Gate ? current.delivery() : current;
}

/** The gate of the message that is being delivered right now, or undefined outside a delivery. Makes nothing, so costs nothing. */
export function currentGate(): Gate | undefined {
  return current instanceof Gate ? current : current?.gate;
}

/** Emits a result as part of the delivery of the message it came from, so that operators below can hold that message on. */
export function redeliver<T>(
  delivery: Delivery | undefined,
  observer: { next(value: T): void },
  value: T,
): void {
  const outer = current;
  current = delivery;
  try {
    observer.next(value);
  } finally {
    current = outer;
  }
}

/**
 * Holds the message that is being delivered: call it inside `next`, in an operator of your own.
 *
 *     message  a---------b---c      one at a time: `b` waits until the hold on `a` has room or is released
 *     hold     [  0   1       )     room 0, then room 1, then released: `a` is consumed
 *
 * Works below any chain of synchronous operators (`map`, `filter`, `merge`, `share`, …). Outside a delivery there is nothing to hold:
 * the returned hold does nothing, or, in a `marbles()` run, a {@link HoldLostError} is thrown.
 *
 * @example
 * ```ts
 * import { hold, listen, serve } from 'rx-tinyproto';
 * import { finalize, mergeMap, timer } from 'rxjs';
 *
 * listen(9123)
 *   .pipe(
 *     serve((conn) =>
 *       conn.messages$.pipe(
 *         mergeMap(() => {
 *           const held = hold(); // inside `next`
 *           return timer(5).pipe(finalize(() => held.release()));
 *         }),
 *       ),
 *     ),
 *   )
 *   .subscribe();
 * ```
 */
export function hold({ room = 0 }: HoldOptions = {}): Hold {
  const delivery = currentDelivery();
  if (delivery === undefined) refuse?.();
  return new HoldOn(delivery, room);
}

/** Whether a lost hold is an error where nobody said otherwise. */
export function isStrictByDefault(): boolean {
  return refuse !== undefined;
}

/** Makes a lost hold an error, or not, where nobody says otherwise; returns what undoes it. For test runners. */
export function setStrictByDefault(strict: boolean): () => void {
  const before = refuse;
  refuse = strict ? refuseLost : undefined;
  return () => {
    refuse = before;
  };
}

function refuseLost(): never {
  throw holdLost();
}

export function holdLost(): HoldLostError {
  return new HoldLostError(
    'There is no delivery to hold: an asynchronous operator above has let go of the message (hold-lost)',
  );
}
