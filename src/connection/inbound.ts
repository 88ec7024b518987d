import type { FramingMachine } from '../framing/framing.js';
import type { Budget } from './budget.js';
import { Fifo } from './fifo.js';

/** What one connection has of its server's budget. */
export interface Inbound {
  /** Whether a message of so many bytes may be granted to the peer; `force`: it will be. */
  grant(bytes: number, force: boolean): boolean;
  /** A message was read … */
  read(bytes: number): void;
  /** … and is consumed: the oldest, since nobody says which. */
  consumed(): void;
  /** Counts anew what is here of a framing that grants nothing. Returns whether no more of it should come for now. */
  look(): boolean;
  /** Gives everything back. */
  end(): void;
}

/** Without a budget, there is room for everything. */
export const boundless: Inbound = {
  grant: () => true,
  read: () => {},
  consumed: () => {},
  look: () => false,
  end: () => {},
};

/**
 * Two ways to keep to a budget. A framing that answers sizes asks before it grants one, and what it has granted counts until it is consumed. Of the others, what has come counts,
 * read or not; while the budget is used up, the wire is paused.
 */
export function inbound(budget: Budget, machine: () => FramingMachine, again: () => void): Inbound {
  const sizes = new Fifo<number>();
  let held = 0;
  let taken = 0;

  const grants = () => machine().retry !== undefined;

  const giveBack = (bytes: number) => {
    const part = Math.min(bytes, taken);
    taken -= part;
    if (part > 0) budget.release(part);
  };

  return {
    grant(bytes, force) {
      if (force) budget.take(bytes);
      else if (!budget.reserve(bytes, again)) return false;
      taken += bytes;
      return true;
    },
    read(bytes) {
      sizes.push(bytes);
      held += bytes;
    },
    consumed() {
      const bytes = sizes.shift() ?? 0;
      held -= bytes;
      if (grants()) giveBack(bytes);
    },
    look() {
      if (grants()) return false;
      const here = machine().unreadBytes + held;
      const more = here - taken;
      taken = here;
      if (more > 0) budget.take(more);
      else if (more < 0) budget.release(-more);
      return budget.isFullBeside(taken, again);
    },
    end() {
      budget.forget(again);
      giveBack(taken);
    },
  };
}
