import { asapScheduler } from 'rxjs';
import type { WireError } from '../errors.js';
import { Fifo } from '../flow/fifo.js';
import type { Wire } from '../transport/transport.js';
import { giveSlab, slabBytes, takeSlab } from './slabs.js';

/** How much is handed to the wire at once, so that a slow peer's progress shows. */
const sliceBytes = 256 * 1_024;
/** How much the wire has in hand before the next slice waits. */
const inHandBytes = 4 * sliceBytes;
/** From here on a piece is handed to the wire as it is; what is smaller is copied behind its neighbours. */
const largeBytes = 16_384;
/** A slab with less than this in it goes out as a copy: the wire may be slow, and a slab is much to keep waiting for that. */
const sparseBytes = slabBytes / 4;

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

/** What the wire was given with one call: how much, how many pieces that were marked as last end in it, and what it lies in. */
interface Handed {
  readonly bytes: number;
  readonly lasts: number;
  readonly slab: Uint8Array | undefined;
}

/**
 * Feeds a wire, a bounded number of bytes at a time, and tells of the progress.
 *
 * The small pieces of one turn are copied behind each other and handed to the wire together, as RxJS's `asapScheduler` has the end of a turn: a call for each, and the list of them that the
 * wire would keep, cost several times the copy. Large ones are handed over as they are, in slices. Of a wire that keeps chunks as they are, each piece is a chunk.
 */
export class Writer {
  readonly #wire: Wire;
  readonly #on: WriterEvents;
  readonly #done: (error?: WireError) => void;
  readonly #waiting = new Fifo<Piece>();
  readonly #inHand = new Fifo<Handed>();
  #bytesInHand = 0;
  /** The small pieces of this turn, and how many of them are last ones. */
  #slab: Uint8Array | undefined;
  #filled = 0;
  #lasts = 0;
  #ending = false;
  #failed = false;

  constructor(wire: Wire, on: WriterEvents) {
    this.#wire = wire;
    this.#on = on;
    this.#done = (error) => this.#written(error);
  }

  /** Whether more would be handed to the wire at once. */
  get hasRoom(): boolean {
    return this.#bytesInHand < inHandBytes && this.#waiting.length === 0;
  }

  /** Whether the wire has everything: FIN now would stand behind it. */
  get handed(): boolean {
    return this.#waiting.length === 0 && this.#slab === undefined;
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

  /** Hands over what was collected in this turn. */
  flush(): void {
    const slab = this.#slab;
    if (slab === undefined) return;
    const bytes = slab.subarray(0, this.#filled);
    const sparse = this.#filled < sparseBytes;
    const lasts = this.#lasts;
    this.#slab = undefined;
    this.#filled = this.#lasts = 0;
    this.#hand(sparse ? bytes.slice() : bytes, lasts, sparse ? undefined : slab);
    if (sparse) giveSlab(slab);
  }

  /** FIN behind what was written. */
  end(): void {
    this.flush();
    if (this.#waiting.length === 0) this.#finish();
    else this.#ending = true;
  }

  #queue(bytes: Uint8Array, last: boolean): void {
    if (this.hasRoom) this.#take(bytes, last);
    else this.#waiting.push({ bytes, last });
  }

  #take(bytes: Uint8Array, last: boolean): void {
    this.#bytesInHand += bytes.length;
    if (bytes.length < largeBytes && !this.#wire.keepsChunks) this.#copy(bytes, last);
    else {
      this.flush();
      this.#hand(bytes, last ? 1 : 0);
    }
  }

  #copy(bytes: Uint8Array, last: boolean): void {
    const size = bytes.length;
    if (this.#filled + size > slabBytes) this.flush();
    if (this.#slab === undefined) this.#openSlab();
    const slab = this.#slab as Uint8Array;
    // A call into the engine costs more than a few bytes by hand.
    if (size > 16) slab.set(bytes, this.#filled);
    else for (let at = 0; at < size; at++) slab[this.#filled + at] = bytes[at] as number;
    this.#filled += size;
    if (last) this.#lasts++;
  }

  #openSlab(): void {
    this.#slab = takeSlab();
    asapScheduler.schedule(() => this.flush());
  }

  #hand(bytes: Uint8Array, lasts: number, slab?: Uint8Array): void {
    if (this.#inHand.length === 0) this.#on.progress(true);
    this.#inHand.push({ bytes: bytes.length, lasts, slab });
    this.#wire.write(bytes, this.#done);
  }

  #written(error: WireError | undefined): void {
    const handed = this.#inHand.shift();
    if (this.#failed || handed === undefined) return;
    if (error) {
      this.#failed = true;
      this.#on.writingFailed(error);
      return;
    }
    if (handed.slab) giveSlab(handed.slab);
    this.#bytesInHand -= handed.bytes;
    this.#feed();
    this.#on.progress(this.#inHand.length > 0);
    if (handed.lasts > 0) this.#on.lastWritten(handed.lasts);
    if (this.hasRoom) this.#on.writerHasRoom();
  }

  #feed(): void {
    while (this.#bytesInHand < inHandBytes) {
      const piece = this.#waiting.shift();
      if (piece === undefined) break;
      this.#take(piece.bytes, piece.last);
    }
    if (this.#ending && this.#waiting.length === 0) this.#finish();
  }

  #finish(): void {
    this.flush();
    this.#ending = false;
    this.#wire.end(() => {});
  }
}
