const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Finds where a JSON object or array ends, by its brackets and strings alone. It remembers what it has seen, so it may be shown the bytes in any pieces, each
 * byte once.
 *
 *     {"a": "}\"", "b": [1]}      in a string, a bracket is none; behind a backslash, a quote ends no string
 */
export class JsonScanner {
  /** What the brackets that are open want to be closed by. */
  readonly #closing: number[] = [];
  readonly #maxDepth: number;
  #inString = false;
  #escaped = false;
  #fault: string | undefined;

  constructor(maxDepth: number) {
    this.#maxDepth = maxDepth;
  }

  /** Why the byte that `look` stopped at can belong to no text. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** Looks at the bytes from `start` to `end`: the index of the bracket that closes the text, or of the first byte at fault, or -1. Behind a text it begins with the next. */
  look(bytes: Uint8Array, start: number, end: number): number {
    for (let at = start; at < end; at += 1) {
      const byte = bytes[at] as number;
      if (this.#inString) this.#string(byte);
      else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) this.#open(byte);
      else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) this.#close(byte);
      else if (this.#closing.length === 0) this.#fault = 'a text is an object or an array';
      else if (byte === QUOTE) this.#inString = true;
      else continue;
      if (this.#fault !== undefined || this.#closing.length === 0) return at;
    }
    return -1;
  }

  #string(byte: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (byte === BACKSLASH) this.#escaped = true;
    else if (byte === QUOTE) this.#inString = false;
  }

  #open(bracket: number): void {
    if (this.#closing.length === this.#maxDepth) this.#fault = `a text nests deeper than ${this.#maxDepth}`;
    else this.#closing.push(bracket === OPEN_OBJECT ? CLOSE_OBJECT : CLOSE_ARRAY);
  }

  #close(bracket: number): void {
    if (this.#closing.pop() !== bracket) this.#fault = 'a bracket closes what is not open';
  }
}
