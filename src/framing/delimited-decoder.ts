import { ByteSearch, type SearchTable } from '../bytes/byte-search.js';
import { cutShort, tooLarge } from './faults.js';
import { QueueDecoder } from './queue-decoder.js';

/** What a decoder of delimited messages goes by. */
export interface DelimitedRules {
  readonly delimiters: SearchTable;
  readonly maxMessageBytes: number;
  /** What becomes of a message above the limit: `discard` drops it up to its delimiter, and goes on behind. */
  readonly overlong: 'error' | 'discard';
  /** What becomes of a last message without a delimiter, at the end of the bytes. */
  readonly unterminated: 'error' | 'deliver';
}

/** Looks at each byte once, however they are cut, and stores no more than the limit and the beginning of a delimiter. */
export class DelimitedDecoder extends QueueDecoder {
  readonly #rules: DelimitedRules;
  readonly #search: ByteSearch;
  readonly #look: ByteSearch['look'];
  /** How many bytes of the queue the search has seen. */
  #seen = 0;
  #discarding = false;
  #ended = false;

  constructor(rules: DelimitedRules) {
    super();
    this.#rules = rules;
    this.#search = new ByteSearch(rules.delimiters);
    this.#look = (bytes, start, end) => this.#search.look(bytes, start, end);
  }

  read(): Uint8Array | undefined {
    for (;;) {
      const last = this.bytes.find(this.#seen, this.#look);
      if (last < 0) return this.#ended ? this.#unterminated() : this.#wait();
      const { matched } = this.#search;
      const size = last + 1 - matched;
      this.#seen = 0;
      this.#search.reset();
      if (!this.#discarding && this.#fits(size)) {
        const message = this.bytes.take(size);
        this.bytes.skip(matched);
        return message;
      }
      this.#discarding = false;
      this.bytes.skip(last + 1);
    }
  }

  override end(): void {
    const inside = this.#discarding || this.bytes.length > 0;
    if (inside && this.#rules.unterminated === 'error') throw cutShort();
    this.#ended = true;
  }

  /** No delimiter has come. What can only be a message above the limit is not stored. */
  #wait(): undefined {
    this.#seen = this.bytes.length;
    if (!this.#discarding && this.#fits(this.bytes.length - this.#search.begun)) return;
    this.#discarding = true;
    // The search goes on knowing how much of a delimiter they end with.
    this.bytes.skip(this.bytes.length);
    this.#seen = 0;
  }

  /** All that is left, as the last message. */
  #unterminated(): Uint8Array | undefined {
    const size = this.bytes.length;
    return size > 0 && !this.#discarding && this.#fits(size) ? this.bytes.takeAll() : undefined;
  }

  #fits(size: number): boolean {
    if (size <= this.#rules.maxMessageBytes) return true;
    if (this.#rules.overlong === 'error') throw tooLarge(this.#rules.maxMessageBytes);
    return false;
  }
}
