/** Beyond so many places, a queue that has run empty lets go of them. */
const mostKept = 1_024;

const noPlaces: never[] = [];

/** A queue, first in, first out: each step costs the same however long it is, and one that is empty has no places. */
export class Fifo<T> {
  /** A ring, as long as a power of two. */
  #places: (T | undefined)[] = noPlaces;
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(item: T): void {
    if (this.#length === this.#places.length) this.#grow();
    this.#places[(this.#head + this.#length) & (this.#places.length - 1)] = item;
    this.#length += 1;
  }

  /** The item at `index`, the next to go being 0. */
  at(index: number): T | undefined {
    return index < this.#length ? this.#places[(this.#head + index) & (this.#places.length - 1)] : undefined;
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#places[this.#head];
    this.#places[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#places.length - 1);
    this.#length -= 1;
    if (this.#length === 0 && this.#places.length > mostKept) this.#clear();
    return item;
  }

  *[Symbol.iterator](): Generator<T> {
    for (let index = 0; index < this.#length; index++) yield this.at(index) as T;
  }

  /** Takes everything out. */
  drain(): T[] {
    const all = [...this];
    this.#clear();
    return all;
  }

  #grow(): void {
    const places = new Array<T | undefined>(Math.max(8, this.#places.length * 2)).fill(undefined);
    for (let index = 0; index < this.#length; index++) places[index] = this.at(index);
    this.#places = places;
    this.#head = 0;
  }

  #clear(): void {
    this.#places = noPlaces;
    this.#head = this.#length = 0;
  }
}

/** What stands for a queue until something is put into it: an idle connection would have nine of its own. */
export const noQueue: Fifo<never> = /* @__PURE__ */ new Fifo<never>();

/** Puts an item into a queue, and gives that back: the first one makes it. */
export function queued<T>(queue: Fifo<T>, item: T): Fifo<T> {
  const own = queue === noQueue ? new Fifo<T>() : queue;
  own.push(item);
  return own;
}
