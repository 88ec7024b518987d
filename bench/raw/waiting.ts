/** What waits to be sent, first in, first out, without moving what is left. */
export class Waiting {
  #items: Uint8Array[] = [];
  #first = 0;
  readonly shift = (): Uint8Array | undefined => {
    const item = this.#items[this.#first];
    if (item === undefined) {
      this.#items.length = 0;
      this.#first = 0;
    } else this.#first++;
    return item;
  };

  push(item: Uint8Array): void {
    this.#items.push(item);
  }
}
