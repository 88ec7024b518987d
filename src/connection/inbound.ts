import { type Fifo, noQueue, queued } from '../flow/fifo.js';
import type { Budget } from './budget.js';
import type { Speaker } from './outbox.js';

/** Whose bytes are counted. */
export interface InboundOwner extends Speaker {
  /** There may be room once more. */
  roomAgain(): void;
}

/**
 * What one connection has of its server's budget.
 *
 * There are two ways to keep to it. A framing that answers sizes asks before it grants one, and what it has granted counts until it is consumed. Of the others, what has come counts,
 * read or not; while the budget is used up, the wire is paused.
 */
export class Inbound {
  readonly #budget: Budget;
  readonly #owner: InboundOwner;
  readonly #again: () => void;
  /** Of the messages that were read and are not consumed. */
  #sizes: Fifo<number> = noQueue;
  #held = 0;
  #taken = 0;

  constructor(budget: Budget, owner: InboundOwner) {
    this.#budget = budget;
    this.#owner = owner;
    this.#again = () => owner.roomAgain();
  }

  /** Whether a message of so many bytes may be granted to the peer; `force`: it will be. */
  grant(bytes: number, force: boolean): boolean {
    if (force) this.#budget.take(bytes);
    else if (!this.#budget.reserve(bytes, this.#again)) return false;
    this.#taken += bytes;
    return true;
  }

  /** A message was read … */
  read(bytes: number): void {
    this.#sizes = queued(this.#sizes, bytes);
    this.#held += bytes;
  }

  /** … and is consumed: the oldest, since nobody says which. */
  consumed(): void {
    const bytes = this.#sizes.shift() ?? 0;
    this.#held -= bytes;
    if (this.#grants) this.#giveBack(bytes);
  }

  /** Counts anew what is here of a framing that grants nothing. Returns whether no more of it should come for now. */
  look(): boolean {
    if (this.#grants) return false;
    const here = this.#owner.machine.unreadBytes + this.#held;
    const more = here - this.#taken;
    this.#taken = here;
    if (more > 0) this.#budget.take(more);
    else if (more < 0) this.#budget.release(-more);
    return this.#budget.isFullBeside(here, this.#again);
  }

  /** Gives everything back. */
  end(): void {
    this.#budget.forget(this.#again);
    this.#giveBack(this.#taken);
  }

  get #grants(): boolean {
    return this.#owner.machine.retry !== undefined;
  }

  #giveBack(bytes: number): void {
    const part = Math.min(bytes, this.#taken);
    this.#taken -= part;
    if (part > 0) this.#budget.release(part);
  }
}
