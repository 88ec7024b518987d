import { type Fifo, noQueue, queued } from '../bytes/fifo.js';
import type { Slab } from '../bytes/slabs.js';
import type { WireError } from '../errors.js';
import type { Wire } from '../transport/transport.js';
import { flushAfterTurn } from './turns.js';

/** How much is handed to the wire at once, so that a slow peer's progress shows. */
const sliceBytes = 256 * 1_024;
/** How much the wire has in hand before the next slice waits. */
const inHandBytes = 4 * sliceBytes;

export interface WriterEvents {
  /** The wire has so many bytes more. */
  handed(bytes: number): void;
  /** The kernel has so many more of the pieces that were marked as last. */
  lastWritten(pieces: number): void;
  /** There is room. */
  writerHasRoom(): void;
  /** Bytes of ours are on their way, and made progress just now; `false`: none are any more. */
  progress(pending: boolean): void;
  /** Nothing more can be written. */
  cutOff(error: WireError): void;
}

interface Piece {
  readonly bytes: Uint8Array;
  readonly last: boolean;
}

/** What the wire was given with one call: how much, and how many pieces that were marked as last end in it. */
interface Handed {
  readonly bytes: number;
  readonly lasts: number;
  /** Where they are, if that is to be given back. */
  readonly slab: Slab | undefined;
}

/**
 * Feeds a wire, a bounded number of bytes at a time, and tells of the progress.
 *
 * Each piece is handed over as it is, and large ones in slices: but of a wire that keeps chunks as they are, each piece is a chunk. What is protected here is for a writer that
 * puts small pieces together; see `CollectingWriter`.
 */
export class Writer {
  protected bytesInHand = 0;
  readonly #wire: Wire;
  readonly #on: WriterEvents;
  /** Made with the first write. */
  #done: ((error?: WireError) => void) | undefined;
  #waiting: Fifo<Piece> = noQueue;
  #inHand: Fifo<Handed> = noQueue;
  /** What the kernel has had at once, if anything, and is not told of: so many pieces that were marked as last. */
  #atOnce: number | undefined;
  #ending = false;
  #failed = false;

  constructor(wire: Wire, on: WriterEvents) {
    this.#wire = wire;
    this.#on = on;
  }

  /** Whether bytes are on their way. */
  get isPending(): boolean {
    return this.#inHand.length > 0;
  }

  /** Whether more would be handed to the wire at once. */
  get hasRoom(): boolean {
    return this.bytesInHand < inHandBytes && this.#waiting.length === 0;
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

  /** Hands over what was collected so far. */
  handOver(): void {}

  /** The turn ends: tells of what the kernel has had at once. */
  flush(): void {
    if (this.#atOnce === undefined) return;
    const lasts = this.#atOnce;
    this.#atOnce = undefined;
    this.#tell(lasts);
  }

  /** FIN behind what was written. */
  end(): void {
    if (this.#waiting.length === 0) this.#finish();
    else this.#ending = true;
  }

  protected take(bytes: Uint8Array, last: boolean): void {
    this.bytesInHand += bytes.length;
    this.hand(bytes, last ? 1 : 0, false);
    if (this.#atOnce !== undefined) flushAfterTurn(this);
  }

  /** Hands to the wire what has been counted as in hand, in which so many pieces end that were marked as last. `more`: another call to the wire follows at once. */
  protected hand(bytes: Uint8Array, lasts: number, more: boolean, slab?: Slab): void {
    this.#on.handed(bytes.length);
    this.#done ??= (error) => this.#written(error);
    if (this.#wire.write(bytes, this.#done, more)) this.#takenAtOnce(bytes.length, lasts, slab);
    else {
      if (this.#inHand.length === 0) this.#on.progress(true);
      this.#inHand = queued(this.#inHand, { bytes: bytes.length, lasts, slab });
    }
  }

  #queue(bytes: Uint8Array, last: boolean): void {
    if (this.hasRoom) this.take(bytes, last);
    else this.#waiting = queued(this.#waiting, { bytes, last });
  }

  /** Told of at the end of the turn: whoever is writing is not to be called back. */
  #takenAtOnce(bytes: number, lasts: number, slab: Slab | undefined): void {
    slab?.giveBack();
    this.bytesInHand -= bytes;
    this.#atOnce = (this.#atOnce ?? 0) + lasts;
  }

  #written(error: WireError | undefined): void {
    const handed = this.#inHand.shift();
    handed?.slab?.giveBack();
    if (this.#failed || handed === undefined) return;
    if (error) {
      this.#failed = true;
      this.#on.cutOff(error);
      return;
    }
    this.bytesInHand -= handed.bytes;
    this.#tell(handed.lasts);
  }

  #tell(lasts: number): void {
    this.#feed();
    this.#on.progress(this.#inHand.length > 0);
    if (lasts > 0) this.#on.lastWritten(lasts);
    if (this.hasRoom) this.#on.writerHasRoom();
  }

  #feed(): void {
    while (this.bytesInHand < inHandBytes) {
      const piece = this.#waiting.shift();
      if (piece === undefined) break;
      this.take(piece.bytes, piece.last);
    }
    if (this.#ending && this.#waiting.length === 0) this.#finish();
  }

  #finish(): void {
    this.handOver();
    this.#ending = false;
    this.#wire.end(() => {});
  }
}
