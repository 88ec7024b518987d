import { filled, put } from '../bytes/joined.js';
import { type Slab, slabBytes, takeSlab } from '../bytes/slabs.js';
import type { Frame } from './frame.js';
import { flushAfterTurn, together } from './turns.js';
import { Writer } from './writer.js';

/** From here on a piece is handed to the wire as it is; what is smaller is copied behind its neighbours. */
const largeBytes = 16_384;
/** So many pieces are listed, and put together when they go: members of a room who are sent the same share that. Beyond, they are one sender's own, and go into a slab. */
const mostListed = 32;

/**
 * The writer of wires that join and cut chunks as they like.
 *
 * The small pieces of one turn are collected, copied behind each other and handed to the wire together: a call for each, and the list of them that the
 * wire would keep, cost several times the copy.
 */
export class CollectingWriter extends Writer {
  /** The small pieces of this turn, in a list or in a slab, their bytes, and how many of them are last ones. */
  #listed: Uint8Array[] | undefined;
  #slab: Slab | undefined;
  #collectedBytes = 0;
  #collectedLasts = 0;

  override get handed(): boolean {
    return super.handed && this.#listed === undefined;
  }

  /** Whether a frame would go out together with what was written last. */
  takesAlong({ head, body, tail }: Frame): boolean {
    const bytes = head.length + body.length + tail.length;
    const fits =
      this.#listed !== undefined && bytes < largeBytes && this.#collectedBytes + bytes <= slabBytes;
    return fits && this.hasRoom;
  }

  /** Has a frame go out together with what was written last, where `takesAlong` says so. */
  follow({ head, body, tail }: Frame): void {
    this.bytesInHand += head.length + body.length + tail.length;
    this.#collectedLasts++;
    this.#place(head);
    this.#place(body);
    this.#place(tail);
  }

  override flush(): void {
    this.handOver();
    super.flush();
  }

  override handOver(more = false): void {
    const listed = this.#listed;
    if (listed === undefined) return;
    const slab = this.#slab;
    const bytes = slab ? slab.bytes.subarray(0, this.#collectedBytes) : together(listed);
    const lasts = this.#collectedLasts;
    this.#listed = this.#slab = undefined;
    this.#collectedBytes = this.#collectedLasts = 0;
    this.hand(bytes, lasts, more, slab);
  }

  protected override take(bytes: Uint8Array, last: boolean): void {
    if (bytes.length < largeBytes) this.#collect(bytes, last);
    else {
      this.handOver(true);
      super.take(bytes, last);
    }
  }

  #collect(bytes: Uint8Array, last: boolean): void {
    this.bytesInHand += bytes.length;
    if (this.#collectedBytes + bytes.length > slabBytes) this.handOver();
    if (this.#listed === undefined) {
      this.#listed = [];
      flushAfterTurn(this);
    }
    this.#place(bytes);
    if (last) this.#collectedLasts++;
  }

  #place(bytes: Uint8Array): void {
    if (this.#slab) put(bytes, this.#slab.bytes, this.#collectedBytes);
    else if (this.#listed?.push(bytes) === mostListed) this.#takeSlab(this.#listed);
    this.#collectedBytes += bytes.length;
  }

  #takeSlab(listed: readonly Uint8Array[]): void {
    this.#slab = takeSlab();
    if (this.#slab) filled(this.#slab.bytes, listed);
  }
}
