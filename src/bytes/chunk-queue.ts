const GONE = new Uint8Array(0);

/** Chunks in the order in which they came, never joined and never cut, and how many bytes they are together. */
export class ChunkQueue {
  #chunks: Uint8Array[] = [];
  #head = 0;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  shift(): Uint8Array | undefined {
    const chunk = this.#chunks[this.#head];
    if (chunk === undefined) return undefined;
    this.#bytes -= chunk.length;
    this.#chunks[this.#head] = GONE;
    this.#head += 1;
    // The array is cut only now and then: a shift of a long one costs as much as its length.
    if (this.#head === this.#chunks.length) this.#cut();
    else if (this.#head >= 64 && this.#head * 2 >= this.#chunks.length) this.#cut();
    return chunk;
  }

  /** Takes everything out. */
  drain(): Uint8Array[] {
    this.#cut();
    this.#bytes = 0;
    return this.#chunks.splice(0);
  }

  #cut(): void {
    this.#chunks.splice(0, this.#head);
    this.#head = 0;
  }
}
