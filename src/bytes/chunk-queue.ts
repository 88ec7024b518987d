import { type Fifo, noQueue, queued } from './fifo.js';

/** Chunks in the order in which they came, never joined and never cut, and how many bytes they are together. */
export class ChunkQueue {
  #chunks: Fifo<Uint8Array> = noQueue;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  push(chunk: Uint8Array): void {
    this.#chunks = queued(this.#chunks, chunk);
    this.#bytes += chunk.length;
  }

  shift(): Uint8Array | undefined {
    const chunk = this.#chunks.shift();
    this.#bytes -= chunk?.length ?? 0;
    return chunk;
  }

  /** Takes everything out. */
  drain(): Uint8Array[] {
    this.#bytes = 0;
    return this.#chunks.drain();
  }
}
