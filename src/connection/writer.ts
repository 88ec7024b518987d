import { type Fifo, noQueue, queued } from '../bytes/fifo.js';
import { filled, put } from '../bytes/joined.js';
import { giveSlab, slabBytes, takeSlab } from '../bytes/slabs.js';
import type { WireError } from '../errors.js';
import type { Frame } from '../framing/framing.js';
import type { Wire } from '../transport/transport.js';
import { flushAfterTurn, together } from './turns.js';

/** How much is handed to the wire at once, so that a slow peer's progress shows. */
const sliceBytes = 256 * 1_024;
/** How much the wire has in hand before the next slice waits. */
const inHandBytes = 4 * sliceBytes;
/** From here on a piece is handed to the wire as it is; what is smaller is copied behind its neighbours. */
const largeBytes = 16_384;
/** So many pieces are listed, and put together when they go: members of a room who are sent the same share that. Beyond, they are one sender's own, and go into a slab. */
const mostListed = 32;

export interface WriterEvents {
  /** The wire has so many bytes more. */
  handed(bytes: number): void;
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

/** What the wire was given with one call: how much, and how many pieces that were marked as last end in it. */
interface Handed {
  readonly bytes: number;
  readonly lasts: number;
  /** Where they are, if that is to be given back. */
  readonly slab: Uint8Array | undefined;
}

/**
 * Feeds a wire, a bounded number of bytes at a time, and tells of the progress.
 *
 * The small pieces of one turn are collected, copied behind each other and handed to the wire together: a call for each, and the list of them that the
 * wire would keep, cost several times the copy. Large ones are handed over as they are, in slices. Of a wire that keeps chunks as they are, each piece is a chunk.
 */
export class Writer {
  readonly #wire: Wire;
  readonly #on: WriterEvents;
  /** Made with the first write. */
  #done: ((error?: WireError) => void) | undefined;
  #waiting: Fifo<Piece> = noQueue;
  #inHand: Fifo<Handed> = noQueue;
  #bytesInHand = 0;
  /** The small pieces of this turn, in a list or in a slab, their bytes, and how many of them are last ones. */
  #listed: Uint8Array[] | undefined;
  #slab: Uint8Array | undefined;
  #collectedBytes = 0;
  #collectedLasts = 0;
  /** What the kernel has had at once, if anything, and is not told of: so many pieces that were marked as last. */
  #atOnce: number | undefined;
  #ending = false;
  #failed = false;

  constructor(wire: Wire, on: WriterEvents) {
    this.#wire = wire;
    this.#on = on;
  }

  /** Whether more would be handed to the wire at once. */
  get hasRoom(): boolean {
    return this.#bytesInHand < inHandBytes && this.#waiting.length === 0;
  }

  /** Whether the wire has everything: FIN now would stand behind it. */
  get handed(): boolean {
    return this.#waiting.length === 0 && this.#listed === undefined;
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

  /** Whether a frame of so many bytes would go out together with what was written last. */
  takesAlong(bytes: number): boolean {
    const fits =
      this.#listed !== undefined && bytes < largeBytes && this.#collectedBytes + bytes <= slabBytes;
    return fits && this.hasRoom;
  }

  /** Has a frame go out together with what was written last, where `takesAlong` says so. */
  follow({ head, body, tail }: Frame): void {
    this.#bytesInHand += head.length + body.length + tail.length;
    this.#collectedLasts++;
    this.#place(head);
    this.#place(body);
    this.#place(tail);
  }

  /** The turn ends: hands over what was collected in it, and tells of what the kernel has had at once. */
  flush(): void {
    this.handOver();
    if (this.#atOnce === undefined) return;
    const lasts = this.#atOnce;
    this.#atOnce = undefined;
    this.#tell(lasts);
  }

  /** Hands over what was collected so far. `more`: another call to the wire follows at once. */
  handOver(more = false): void {
    const listed = this.#listed;
    if (listed === undefined) return;
    const slab = this.#slab;
    const bytes = slab ? slab.subarray(0, this.#collectedBytes) : together(listed);
    const lasts = this.#collectedLasts;
    this.#listed = this.#slab = undefined;
    this.#collectedBytes = this.#collectedLasts = 0;
    this.#hand(bytes, lasts, more, slab);
  }

  /** FIN behind what was written. */
  end(): void {
    if (this.#waiting.length === 0) this.#finish();
    else this.#ending = true;
  }

  #queue(bytes: Uint8Array, last: boolean): void {
    if (this.hasRoom) this.#take(bytes, last);
    else this.#waiting = queued(this.#waiting, { bytes, last });
  }

  #take(bytes: Uint8Array, last: boolean): void {
    this.#bytesInHand += bytes.length;
    if (bytes.length < largeBytes && !this.#wire.keepsChunks) this.#collect(bytes, last);
    else {
      this.handOver(true);
      this.#hand(bytes, last ? 1 : 0, false);
      if (this.#atOnce !== undefined) flushAfterTurn(this);
    }
  }

  #collect(bytes: Uint8Array, last: boolean): void {
    if (this.#collectedBytes + bytes.length > slabBytes) this.handOver();
    if (this.#listed === undefined) {
      this.#listed = [];
      flushAfterTurn(this);
    }
    this.#place(bytes);
    if (last) this.#collectedLasts++;
  }

  #place(bytes: Uint8Array): void {
    if (this.#slab) put(bytes, this.#slab, this.#collectedBytes);
    else if (this.#listed?.push(bytes) === mostListed) this.#takeSlab(this.#listed);
    this.#collectedBytes += bytes.length;
  }

  #takeSlab(listed: readonly Uint8Array[]): void {
    const slab = takeSlab();
    this.#slab = slab && filled(slab, listed);
  }

  #hand(bytes: Uint8Array, lasts: number, more: boolean, slab?: Uint8Array): void {
    this.#on.handed(bytes.length);
    this.#done ??= (error) => this.#written(error);
    if (this.#wire.write(bytes, this.#done, more)) this.#takenAtOnce(bytes.length, lasts, slab);
    else {
      if (this.#inHand.length === 0) this.#on.progress(true);
      this.#inHand = queued(this.#inHand, { bytes: bytes.length, lasts, slab });
    }
  }

  /** Told of at the end of the turn: whoever is writing is not to be called back. */
  #takenAtOnce(bytes: number, lasts: number, slab: Uint8Array | undefined): void {
    if (slab) giveSlab(slab);
    this.#bytesInHand -= bytes;
    this.#atOnce = (this.#atOnce ?? 0) + lasts;
  }

  #written(error: WireError | undefined): void {
    const handed = this.#inHand.shift();
    if (handed?.slab) giveSlab(handed.slab);
    if (this.#failed || handed === undefined) return;
    if (error) {
      this.#failed = true;
      this.#on.writingFailed(error);
      return;
    }
    this.#bytesInHand -= handed.bytes;
    this.#tell(handed.lasts);
  }

  #tell(lasts: number): void {
    this.#feed();
    this.#on.progress(this.#inHand.length > 0);
    if (lasts > 0) this.#on.lastWritten(lasts);
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
    this.handOver();
    this.#ending = false;
    this.#wire.end(() => {});
  }
}
