import type { WireError } from '../errors.js';
import type { Wire, Written } from '../transport/transport.js';
import { Fifo } from './fifo.js';

/** How much is handed to the wire at once, so that a slow peer's progress shows. */
const sliceBytes = 256 * 1_024;
/** How much the wire has in hand before the next slice waits. */
const inHandBytes = 4 * sliceBytes;

export interface WriterEvents {
  /** The kernel has so many more of the pieces that were marked as last. */
  lastWritten(pieces: number): void;
  /** There is room. */
  writerHasRoom(): void;
  /** Bytes of ours are on their way, and made progress just now; `false`: none are any more. */
  progress(pending: boolean): void;
  writingFailed(error: WireError): void;
}

interface Piece {
  readonly bytes: Uint8Array;
  readonly last: boolean;
}

/** Feeds a wire in slices, a bounded number of bytes at a time, and tells of the progress. Of a wire that keeps chunks as they are, a slice would be a chunk. */
export class Writer {
  readonly #wire: Wire;
  readonly #on: WriterEvents;
  readonly #done: Written;
  readonly #waiting = new Fifo<Piece>();
  /** Of each piece that the wire has in hand, twice its size, and 1 more if it is a last one: a number is cheap to keep. */
  readonly #inHand = new Fifo<number>();
  #bytesInHand = 0;
  #ending = false;
  #failed = false;

  constructor(wire: Wire, on: WriterEvents) {
    this.#wire = wire;
    this.#on = on;
    this.#done = (error, writes = 1) => this.#written(error, writes);
  }

  /** Whether more would be handed to the wire at once. */
  get hasRoom(): boolean {
    return this.#bytesInHand < inHandBytes && this.#waiting.length === 0;
  }

  /** Whether the wire has everything: FIN now would stand behind it. */
  get handed(): boolean {
    return this.#waiting.length === 0;
  }

  /** Writes, in order. `last` is told of with `lastWritten` when the kernel has the bytes. */
  write(bytes: Uint8Array, last: boolean): void {
    let rest = bytes;
    while (rest.length > sliceBytes && !this.#wire.keepsChunks) {
      this.#queue(rest.subarray(0, sliceBytes), false);
      rest = rest.subarray(sliceBytes);
    }
    if (rest.length > 0 || last) this.#queue(rest, last);
  }

  /** FIN behind what was written. */
  end(): void {
    if (this.#waiting.length === 0) this.#finish();
    else this.#ending = true;
  }

  #queue(bytes: Uint8Array, last: boolean): void {
    if (this.hasRoom) this.#hand(bytes, last);
    else this.#waiting.push({ bytes, last });
  }

  #hand(bytes: Uint8Array, last: boolean): void {
    if (this.#inHand.length === 0) this.#on.progress(true);
    this.#inHand.push(bytes.length * 2 + (last ? 1 : 0));
    this.#bytesInHand += bytes.length;
    this.#wire.write(bytes, this.#done);
  }

  #written(error: WireError | undefined, writes: number): void {
    if (this.#failed) return;
    if (error) {
      this.#failed = true;
      this.#inHand.drain();
      this.#on.writingFailed(error);
      return;
    }
    let lasts = 0;
    for (let write = 0; write < writes; write++) {
      const piece = this.#inHand.shift() as number;
      this.#bytesInHand -= Math.floor(piece / 2);
      lasts += piece % 2;
    }
    this.#feed();
    this.#on.progress(this.#inHand.length > 0);
    if (lasts > 0) this.#on.lastWritten(lasts);
    if (this.hasRoom) this.#on.writerHasRoom();
  }

  #feed(): void {
    while (this.#bytesInHand < inHandBytes) {
      const piece = this.#waiting.shift();
      if (piece === undefined) break;
      this.#hand(piece.bytes, piece.last);
    }
    if (this.#ending && this.#waiting.length === 0) this.#finish();
  }

  #finish(): void {
    this.#ending = false;
    this.#wire.end(() => {});
  }
}
