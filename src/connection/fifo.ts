/** A queue, first in, first out, whose `shift` costs the same however long it is. */
export class Fifo<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** The item at `index`, the next to go being 0. */
  at(index: number): T | undefined {
    return this.#items[this.#head + index];
  }

  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head === this.#items.length) this.#reset([]);
    else if (this.#head >= 1_024 && this.#head * 2 > this.#items.length)
      this.#reset(this.#items.slice(this.#head));
    return item;
  }

  *[Symbol.iterator](): Generator<T> {
    for (let index = 0; index < this.length; index++) yield this.at(index) as T;
  }

  /** Takes everything out. */
  drain(): T[] {
    const all = this.#items.slice(this.#head) as T[];
    this.#reset([]);
    return all;
  }

  #reset(items: (T | undefined)[]): void {
    this.#items = items;
    this.#head = 0;
  }
}
