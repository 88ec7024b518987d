import { type Fifo, noQueue, queued } from '../bytes/fifo.js';
import { ProtocolError } from '../errors.js';
import type { FramingMachine, FramingPort } from '../framing/framing.js';
import type { Budget } from './budget.js';
import { Deadlines } from './deadlines.js';

/** How long a connection waits for room, where it may itself have what others wait for. */
const roomTimeoutMs = 30_000;

/** Whose bytes are counted. */
interface Counted extends Pick<FramingMachine, 'talk' | 'unreadBytes'> {
  /** Whether the peer is granted what it sends. */
  readonly isGranting: boolean;
}

/**
 * What one connection has of its server's budget.
 *
 * There are two ways to keep to it. A framing that answers sizes asks before it grants one, and what it has granted counts until it is consumed. Of the others, what has come counts,
 * read or not; while the budget is used up, the wire is paused.
 */
export class Share {
  readonly #budget: Budget;
  readonly #machine: Counted;
  readonly #port: Pick<FramingPort, 'fail' | 'turn'>;
  readonly #again: () => void;
  /** Of the messages that were read and are not consumed; the newest stands by itself, since most are consumed before another is read. */
  #sizes: Fifo<number> = noQueue;
  #newest: number | undefined;
  #held = 0;
  #taken = 0;
  #isStarving = false;
  #isOver = false;
  #patience: Deadlines<'room'> | undefined;

  constructor(budget: Budget, machine: Counted, port: Pick<FramingPort, 'fail' | 'turn'>) {
    this.#budget = budget;
    this.#machine = machine;
    this.#port = port;
    this.#again = () => {
      machine.talk?.retry?.();
      port.turn();
    };
  }

  /** Whether a message of so many bytes may be granted to the peer; `force`: it will be. */
  grant(bytes: number, force: boolean): boolean {
    // A message that is let go behind the end would have an answer that nobody gets.
    if (this.#isOver) return true;
    if (force) this.#budget.take(bytes);
    else if (!this.#budget.reserve(bytes, this.#again)) return false;
    this.#taken += bytes;
    return true;
  }

  /** A message was read … */
  read(bytes: number): void {
    if (this.#newest !== undefined) this.#sizes = queued(this.#sizes, this.#newest);
    this.#newest = bytes;
    this.#held += bytes;
  }

  /** … and is consumed: the oldest, since nobody says which. */
  consumed(): void {
    const bytes = this.#oldest();
    this.#held -= bytes;
    if (this.#machine.isGranting) this.#giveBack(bytes);
  }

  #oldest(): number {
    if (this.#sizes.length > 0) return this.#sizes.shift() as number;
    const bytes = this.#newest ?? 0;
    this.#newest = undefined;
    return bytes;
  }

  /** Counts anew what is here of a framing that grants nothing. Returns whether no more of it should come for now. */
  look(): boolean {
    if (this.#machine.isGranting) return false;
    const here = this.#machine.unreadBytes + this.#held;
    const more = here - this.#taken;
    this.#taken = here;
    if (more > 0) this.#budget.take(more);
    else if (more < 0) this.#budget.release(-more);
    const isFull = this.#budget.isFullBeside(here, this.#again);
    if (isFull !== this.#isStarving) this.#starve(isFull);
    return isFull;
  }

  /** Gives everything back. */
  end(): void {
    this.#isOver = true;
    this.#patience?.dispose();
    this.#budget.forget(this.#again);
    this.#giveBack(this.#taken);
  }

  #starve(isStarving: boolean): void {
    this.#isStarving = isStarving;
    this.#patience ??= new Deadlines({ expired: () => this.#giveUp() });
    this.#patience.set('room', isStarving ? roomTimeoutMs : undefined);
  }

  #giveUp(): void {
    this.#port.fail(new ProtocolError('inbox-overflow', 'No room for more of its message'), true);
    this.#port.turn();
  }

  #giveBack(bytes: number): void {
    const part = Math.min(bytes, this.#taken);
    this.#taken -= part;
    if (part > 0) this.#budget.release(part);
  }
}
