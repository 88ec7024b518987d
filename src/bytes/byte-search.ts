/** Bytes that may be searched for at once, over all patterns: the table takes 1 KiB for each. */
const MOST_PATTERN_BYTES = 1_024;

/** What to look for, compiled: a state a row of 256, the state being how much of which pattern the last bytes are. */
export interface SearchTable {
  /** Row × 256 + byte → the next state's row × 256. */
  readonly next: Uint32Array;
  /** Row → the length of the longest pattern that ends there, or 0. */
  readonly ends: Uint16Array;
  /** Row → how many of the last bytes may be the beginning of a pattern. */
  readonly depths: Uint16Array;
}

/**
 * Compiles byte patterns to a table, after Aho and Corasick (1975).
 *
 * @throws RangeError for no pattern, an empty one, more than 1,024 bytes in all, or one that holds another before its end: it would never be found.
 */
export function searchTable(patterns: readonly Uint8Array[]): SearchTable {
  demandSound(patterns);
  const rows = 1 + patterns.reduce((bytes, pattern) => bytes + pattern.length, 0);
  const table = {
    next: new Uint32Array(rows * 256),
    ends: new Uint16Array(rows),
    depths: new Uint16Array(rows),
  };
  let used = 1;
  for (const pattern of patterns) {
    let row = 0;
    for (const byte of pattern) {
      const at = row * 256 + byte;
      if (table.next[at] === 0) {
        table.next[at] = used * 256;
        table.depths[used] = (table.depths[row] as number) + 1;
        used += 1;
      }
      row = (table.next[at] as number) >>> 8;
    }
    table.ends[row] = pattern.length;
  }
  fallBack(table, used);
  return table;
}

/** Fills in where a byte leads that no pattern goes on with: where it leads from the longest shorter beginning. Shallow rows first, so that theirs are done. */
function fallBack({ next, ends, depths }: SearchTable, rows: number): void {
  const shorter = new Uint32Array(rows);
  const shallowFirst = [...depths.subarray(0, rows).keys()].sort(
    (a, b) => (depths[a] as number) - (depths[b] as number),
  );
  for (const row of shallowFirst) {
    const below = shorter[row] as number;
    if (ends[row] === 0) ends[row] = ends[below] as number;
    for (let byte = 0; byte < 256; byte += 1) {
      const fromBelow = row === 0 ? 0 : (next[below * 256 + byte] as number);
      const goal = next[row * 256 + byte] as number;
      if (goal === 0) next[row * 256 + byte] = fromBelow;
      else shorter[goal >>> 8] = fromBelow >>> 8;
    }
  }
}

function demandSound(patterns: readonly Uint8Array[]): void {
  const bytes = patterns.reduce((sum, pattern) => sum + pattern.length, 0);
  if (patterns.length === 0 || patterns.some(({ length }) => length === 0)) {
    throw new RangeError('a delimiter has at least one byte');
  }
  if (bytes > MOST_PATTERN_BYTES)
    throw new RangeError(`delimiters have ${MOST_PATTERN_BYTES} bytes at most, not ${bytes}`);
  for (const one of patterns) {
    for (const other of patterns) {
      if (one !== other && holdsBeforeItsEnd(one, other))
        throw new RangeError('a delimiter that holds another before its end can never be found');
    }
  }
}

function holdsBeforeItsEnd(one: Uint8Array, other: Uint8Array): boolean {
  for (let at = 0; at + other.length < one.length; at += 1) {
    if (other.every((byte, index) => byte === one[at + index])) return true;
  }
  return false;
}

/**
 * Finds the first place where one of the patterns ends, and the longest that ends there. It remembers what it has seen, so that it may be shown the bytes
 * in any pieces, each byte once.
 */
export class ByteSearch {
  readonly #table: SearchTable;
  #state = 0;

  constructor(table: SearchTable) {
    this.#table = table;
  }

  /** The length of the pattern that was found. */
  get matched(): number {
    return this.#table.ends[this.#state >>> 8] as number;
  }

  /** How many of the bytes seen last may be the beginning of a pattern. */
  get begun(): number {
    return this.#table.depths[this.#state >>> 8] as number;
  }

  /** Looks at the bytes from `start` to `end`: the index of the last byte of a pattern, or -1. */
  look(bytes: Uint8Array, start: number, end: number): number {
    const { next, ends } = this.#table;
    let state = this.#state;
    for (let at = start; at < end; at += 1) {
      state = next[state + (bytes[at] as number)] as number;
      if (state !== 0 && ends[state >>> 8] !== 0) {
        this.#state = state;
        return at;
      }
    }
    this.#state = state;
    return -1;
  }

  /** Forgets what it has seen. */
  reset(): void {
    this.#state = 0;
  }
}
