/** Chunks in the order in which they came, never joined and never cut, and how many bytes they are together. */
export class ChunkQueue {
  unreadBytes = 0;
  /** Those that come, and those that go, the next of them last: each step costs the same however many they are. */
  #coming: Uint8Array[] = [];
  #going: Uint8Array[] = [];

  push(chunk: Uint8Array): void {
    this.#coming.push(chunk);
    this.unreadBytes += chunk.length;
  }

  shift(): Uint8Array | undefined {
    if (!this.#going[0]) {
      this.#going = this.#coming.reverse();
      this.#coming = [];
    }
    const chunk = this.#going.pop();
    this.unreadBytes -= chunk?.length ?? 0;
    return chunk;
  }

  /** Takes everything out. */
  rest(): Uint8Array[] {
    this.unreadBytes = 0;
    const all = [...this.#going.reverse(), ...this.#coming];
    this.#coming = [];
    this.#going = [];
    return all;
  }
}
