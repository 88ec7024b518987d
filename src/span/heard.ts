import type { Letter } from './bus.js';

/** What we have heard of each writer, by the numbers of its letters. */
export interface Heard {
  /** Whether we have had a letter, or told that it was lost. */
  has(letter: Letter): boolean;
  /** Whether a letter is one that we have not had; tells of those that are missing before it. */
  isNew(letter: Letter): boolean;
  /** The writer says how many it has written: those that we have not had by now are lost. */
  expect(from: string, last: number): void;
}

/** Writers that are remembered. The history may bring letters of processes that have long ended once more. */
const remembered = 1_024;

/** A writer whose first letter we hear has written others before: they are no loss. */
export function heard(lost: (from: string, count: number) => void): Heard {
  const lastOf = new Map<string, number>();

  const remember = (from: string, number: number) => {
    lastOf.delete(from);
    lastOf.set(from, number);
    const [oldest] = lastOf.keys();
    if (oldest !== undefined && lastOf.size > remembered) lastOf.delete(oldest);
  };

  return {
    has: ({ from, number }) => number <= (lastOf.get(from) ?? 0),
    isNew({ from, number }) {
      const before = lastOf.get(from);
      if (before !== undefined && number <= before) return false;
      remember(from, number);
      if (before !== undefined && number > before + 1) lost(from, number - before - 1);
      return true;
    },
    expect(from, last) {
      const before = lastOf.get(from);
      remember(from, Math.max(last, before ?? 0));
      if (before !== undefined && last > before) lost(from, last - before);
    },
  };
}
