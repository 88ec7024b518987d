import type { Socket } from 'node:net';
import { WireError } from '../errors.js';
import { giveSlab, slabBytes, takeSlab } from './slabs.js';
import type { Written } from './transport.js';

/** From here on handing the kernel a list of pieces is cheaper than copying them together. */
const largeBytes = 16_384;

/** So much goes to the kernel at once. Whoever watches `done` for progress sees it at this grain, also on a slow road. */
const maxBatchBytes = 131_072;

/** A slab with no more than this in it goes out as a copy. */
const sparseBytes = slabBytes / 4;

const empty: Uint8Array = new Uint8Array(0);

/** Writes that follow each other and have the same function told of them. */
interface Run {
  readonly done: Written;
  writes: number;
}

/** What goes to the kernel together. */
class Batch {
  readonly pieces: Uint8Array[] = [];
  readonly #runs: Run[] = [];
  #bytes = 0;
  /** What small writes are copied into, what of it is in a piece already, and what is filled. */
  #slab = empty;
  #cut = 0;
  #filled = 0;
  /** Whether it goes at the end of this turn. Otherwise it may wait for long, and has no more memory than its bytes need. */
  readonly #goesNow: boolean;

  constructor(goesNow: boolean) {
    this.#goesNow = goesNow;
  }

  get isFull(): boolean {
    return this.#bytes >= maxBatchBytes;
  }

  add(bytes: Uint8Array, done: Written): void {
    const size = bytes.byteLength;
    if (size >= largeBytes) {
      this.#cutPiece();
      this.pieces.push(bytes);
    } else this.#copy(bytes, size);
    this.#bytes += size;
    const last = this.#runs[this.#runs.length - 1];
    if (last?.done === done) last.writes++;
    else this.#runs.push({ done, writes: 1 });
  }

  /** No more is added. */
  close(): void {
    const bytes = this.#slab.subarray(this.#cut, this.#filled);
    if (this.#goesNow && this.#slab !== empty && this.#cut === 0 && this.#filled < sparseBytes) {
      // The kernel may keep it waiting, and a slab is much for that.
      this.pieces.push(Buffer.from(bytes));
      giveSlab(this.#slab);
      this.#slab = empty;
    } else this.#cutPiece();
    // Nothing but empty writes: the kernel is asked all the same, since that is what tells whether the peer is gone.
    if (this.pieces.length === 0) this.pieces.push(empty);
  }

  /** The kernel has it all. */
  written(): void {
    if (this.#goesNow && this.#slab !== empty) giveSlab(this.#slab);
    this.tell();
  }

  tell(error?: WireError): void {
    for (const { done, writes } of this.#runs) done(error, writes);
  }

  #copy(bytes: Uint8Array, size: number): void {
    if (this.#filled + size > this.#slab.length) this.#openSlab(size);
    const slab = this.#slab;
    // A call into the engine costs more than a few bytes by hand.
    if (size > 16) slab.set(bytes, this.#filled);
    else for (let at = 0; at < size; at++) slab[this.#filled + at] = bytes[at] as number;
    this.#filled += size;
  }

  #openSlab(least: number): void {
    this.#cutPiece();
    const grown = Math.min(Math.max(this.#slab.length * 2, least, 512), slabBytes);
    // One slab is given back when all is written; a second is for the garbage collector.
    this.#slab = this.#goesNow && this.#slab === empty ? takeSlab() : Buffer.allocUnsafeSlow(grown);
    this.#cut = this.#filled = 0;
  }

  #cutPiece(): void {
    if (this.#cut === this.#filled) return;
    this.pieces.push(this.#slab.subarray(this.#cut, this.#filled));
    this.#cut = this.#filled;
  }
}

/**
 * What of ours is on its way into one socket, in order. Puts the writes of one turn of the event loop together: one flush, one batch, one call into the kernel,
 * and all that is small copied behind each other.
 *
 * One batch is under way at a time. What is written meanwhile waits here, not in the stream, so that a batch stays
 * bounded; its `done`s are called together, in order, when the kernel has all of it.
 */
export class SocketWrites {
  readonly #socket: Socket;
  #waiting: Batch[] = [];
  #underWay: Batch | undefined;
  #scheduled = false;
  #failure: WireError | undefined;
  #fin: 'none' | 'asked' | 'under way' | 'sent' = 'none';
  #waitForFin: Written[] | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Whether something is not yet with the kernel, FIN included once it is asked for. */
  get busy(): boolean {
    return (
      this.#underWay !== undefined ||
      this.#waiting.length > 0 ||
      this.#fin === 'asked' ||
      this.#fin === 'under way'
    );
  }

  get ended(): boolean {
    return this.#fin !== 'none';
  }

  write(bytes: Uint8Array, done: Written): void {
    if (this.#fin !== 'none' && !this.#failure) {
      process.nextTick(done, behindFin());
      return;
    }
    let batch = this.#waiting[this.#waiting.length - 1];
    if (batch === undefined || batch.isFull) {
      batch = new Batch(this.#underWay === undefined);
      this.#waiting.push(batch);
    }
    batch.add(bytes, done);
    this.#schedule();
  }

  /** FIN, behind everything written. */
  end(done: Written): void {
    this.#waitForFin ??= [];
    this.#waitForFin.push(done);
    if (this.#fin === 'none') this.#fin = 'asked';
    this.#schedule();
  }

  /** The socket is gone: whoever still waits, or comes later, hears of it. */
  fail(error: WireError): void {
    this.#failure ??= error;
    this.#settleAll(this.#failure);
  }

  #schedule(): void {
    // A tick queued by a microtask runs after all microtasks: so the turn includes what RxJS's asapScheduler delivers.
    if (this.#scheduled || this.#underWay) return;
    this.#scheduled = true;
    process.nextTick(flush, this);
  }

  /** @internal */
  flush(): void {
    this.#scheduled = false;
    if (this.#failure) this.#settleAll(this.#failure);
    else if (this.#underWay) return;
    else if (this.#waiting.length > 0) this.#begin(this.#waiting.shift() as Batch);
    else if (this.#fin === 'asked') {
      this.#fin = 'under way';
      this.#socket.end((error?: Error | null) => this.#onFin(error));
    } else if (this.#fin === 'sent') this.#settleFin();
  }

  /** Corked, several pieces go out in one `writev`; the last one's callback speaks for all. */
  #begin(batch: Batch): void {
    this.#underWay = batch;
    batch.close();
    const { pieces } = batch;
    const written = (error?: Error | null) => this.#onWritten(error);
    if (pieces.length === 1) {
      this.#socket.write(pieces[0] as Uint8Array, written);
      return;
    }
    this.#socket.cork();
    for (const [at, piece] of pieces.entries())
      this.#socket.write(piece, at === pieces.length - 1 ? written : undefined);
    this.#socket.uncork();
  }

  #onWritten(error?: Error | null): void {
    const batch = this.#underWay;
    // Node 20 reports success for what a dying socket had under way. The close that follows settles it, as an error.
    if (error || this.#failure || this.#socket.destroyed || batch === undefined) return;
    this.#underWay = undefined;
    batch.written();
    this.flush();
  }

  #onFin(error?: Error | null): void {
    if (error || this.#failure) return;
    this.#fin = 'sent';
    this.#settleFin();
  }

  #settleFin(error?: WireError): void {
    const waiting = this.#waitForFin ?? [];
    this.#waitForFin = undefined;
    for (const done of waiting) done(error);
  }

  #settleAll(error: WireError): void {
    const unwritten = this.#underWay ? [this.#underWay, ...this.#waiting] : this.#waiting;
    this.#underWay = undefined;
    this.#waiting = [];
    for (const batch of unwritten) batch.tell(error);
    this.#settleFin(error);
  }
}

function flush(writes: SocketWrites): void {
  writes.flush();
}

const behindFin = () => new WireError('wire-failed', 'Nothing can be written behind FIN');
