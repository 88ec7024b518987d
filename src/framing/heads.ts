/** Up to here most messages are, and there is one head for each size. */
const smallBytes = 2_048;

/** What stands before messages, by their size. Those of small ones are made once: nobody changes a head, and to make one costs as much as all the rest of a send. */
export class Heads {
  readonly #make: (size: number) => Uint8Array;
  /** No array: where its places are far apart, that is a slower table. */
  readonly #made = new Map<number, Uint8Array>();

  constructor(make: (size: number) => Uint8Array) {
    this.#make = make;
  }

  of(size: number): Uint8Array {
    if (size >= smallBytes) return this.#make(size);
    let head = this.#made.get(size);
    if (head === undefined) {
      head = this.#make(size);
      this.#made.set(size, head);
    }
    return head;
  }
}
