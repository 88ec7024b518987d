import type { Socket } from 'node:net';
import { WireError } from '../errors.js';
import { hasTurn, mayTell, spend, waitForTurn, waitToTell } from './write-turns.js';

type Done = (error?: WireError) => void;
type Write = { readonly bytes: Uint8Array; readonly done: Done };

/** So much goes to the kernel at once. Whoever watches `done` for progress sees it at this grain, also on a slow road. */
const maxBatchBytes = 262_144;

/** Of a socket that writes nothing, as most do. Never pushed to. */
const nothing: Write[] = [];

/** So much goes at once, whoever waits for a turn: an answer shall not stand behind a thousand streams. */
const smallBytes = 16_384;

/** So many times it is said at once that the kernel has what was written, until Node calls back. */
const mostTold = 8;

/**
 * What of ours is on its way into one socket, in order. One batch is under way at a time, with one call into the kernel. What is written meanwhile waits here,
 * not in the stream, so that a batch stays bounded; its `done`s are called together, in order, when the kernel has all of it.
 */
export class SocketWrites {
  readonly #socket: Socket;
  #queue = nothing;
  #batch = nothing;
  #scheduled = false;
  /** Those whose bytes the kernel has are being told. What they write now goes on with a stream: it is put together, and no answer. */
  #isTelling = false;
  /** So many times the kernel had what was written at once, and that was said: Node's callbacks for these are still to come. */
  #told = 0;
  #failure: WireError | undefined;
  #fin: 'none' | 'asked' | 'under way' | 'sent' = 'none';
  #waitForFin: Done[] | undefined;
  #hadPeer: boolean | undefined;
  /** Made with the first write. */
  #written: ((error?: Error | null) => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Whether something is not yet with the kernel, FIN included once it is asked for. */
  get busy(): boolean {
    const writes = this.#batch.length + this.#queue.length;
    return writes > 0 || this.#fin === 'asked' || this.#fin === 'under way';
  }

  get ended(): boolean {
    return this.#fin !== 'none';
  }

  /**
   * Whether the system still knew a peer just before FIN; absent until then. Behind it, an orderly end may have none either: who has ended and gone answers with RST when TLS says
   * that we end, too.
   */
  get hadPeer(): boolean | undefined {
    return this.#hadPeer;
  }

  /** As `Wire.write`. That the kernel has the bytes already is said a few times until Node calls back: who writes again whenever it hears so would never let the loop go on. */
  write(bytes: Uint8Array, done: Done, more = false): boolean {
    if (this.#fin !== 'none' && !this.#failure) {
      process.nextTick(done, behindFin());
      return false;
    }
    if (!more && this.#isIdle && mayWrite(bytes) && this.#mayTellAtOnce) return this.#writeAlone(bytes, done);
    if (this.#queue === nothing) this.#queue = [];
    this.#queue.push({ bytes, done });
    if (!more && !this.#isTelling) this.#go(mayWrite(bytes));
    return false;
  }

  /** FIN, behind everything written. */
  end(done: Done): void {
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

  get #isIdle(): boolean {
    const isQuiet = this.#batch.length === 0 && this.#queue.length === 0 && !this.#scheduled;
    return isQuiet && !this.#isTelling && !this.#failure;
  }

  /** The first is free: all members of a room have one. */
  get #mayTellAtOnce(): boolean {
    return this.#told === 0 || (this.#told < mostTold && mayTell());
  }

  #schedule(): void {
    if (this.#scheduled || this.#batch.length > 0) return;
    this.#scheduled = true;
    process.nextTick(flush, this);
  }

  /** Writes what is queued, now or in its turn. */
  #go(atOnce: boolean): void {
    if (this.#scheduled || this.#batch.length > 0) return;
    if (this.#failure) this.#schedule();
    else if (atOnce || hasTurn()) this.flush();
    else {
      this.#scheduled = true;
      waitForTurn(this);
    }
  }

  /** @internal */
  flush(): void {
    this.#scheduled = false;
    if (this.#failure) this.#settleAll(this.#failure);
    else if (this.#batch.length > 0) return;
    else if (this.#queue.length > 0) this.#begin();
    else if (this.#fin === 'asked') {
      this.#fin = 'under way';
      this.#hadPeer = this.#socket.remoteAddress !== undefined;
      this.#socket.end((error?: Error | null) => this.#onFin(error));
    } else if (this.#fin === 'sent') this.#settleFin();
  }

  /** Nothing is before it, so that it goes at once. */
  #writeAlone(bytes: Uint8Array, done: Done): boolean {
    const socket = this.#socket;
    spend(bytes.byteLength);
    this.#written ??= (error) => this.#onWritten(error);
    socket.write(bytes, this.#written);
    // Of nothing, the length says nothing: under TLS it is on its way all the same.
    const isWithIt = bytes.byteLength > 0 && socket.writableLength === 0;
    const isTaken = isWithIt && !socket.errored && !socket.destroyed;
    if (isTaken) this.#told++;
    else this.#batch = [{ bytes, done }];
    return isTaken;
  }

  #begin(): void {
    const batch = takeBatch(this.#queue);
    this.#queue = batch === this.#queue ? nothing : this.#queue.slice(batch.length);
    this.#batch = batch;
    this.#written ??= (error) => this.#onWritten(error);
    const last = batch.length - 1;
    // Corked, several go out in one `writev`; the last one's callback speaks for all.
    if (last > 0) this.#socket.cork();
    for (let at = 0; at <= last; at++) {
      const { bytes } = batch[at] as Write;
      spend(bytes.byteLength);
      this.#socket.write(bytes, at === last ? this.#written : undefined);
    }
    if (last > 0) this.#socket.uncork();
  }

  /** Node calls before it lets the loop go on: whoever is told of one write and answers with another would have the loop for itself. */
  #onWritten(error?: Error | null): void {
    if (this.#told > 0) {
      this.#told--;
      return;
    }
    // Node 20 reports success for what a dying socket had under way. The close that follows settles it, as an error.
    if (error || this.#failure || this.#socket.destroyed) return;
    if (mayTell()) this.tell();
    else waitToTell(this);
  }

  /** @internal */
  tell(): void {
    const written = this.#batch;
    this.#batch = nothing;
    this.#isTelling = true;
    try {
      for (const { done } of written) done();
    } finally {
      this.#isTelling = false;
      this.#go(this.#queue.length === 0);
    }
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
    const unwritten = this.#batch.concat(this.#queue);
    this.#batch = this.#queue = nothing;
    for (const { done } of unwritten) done(error);
    this.#settleFin(error);
  }
}

function flush(writes: SocketWrites): void {
  writes.flush();
}

/** Whether who comes now may write at once. */
const mayWrite = ({ byteLength }: Uint8Array) => byteLength < smallBytes || hasTurn();

const behindFin = () => new WireError('wire-failed', 'Nothing can be written behind FIN');

/** As much of the queue as goes out together: all of it, nearly always. */
function takeBatch(queue: Write[]): Write[] {
  let bytes = 0;
  let end = 0;
  for (; end < queue.length && bytes < maxBatchBytes; end++) bytes += queue[end]?.bytes.byteLength ?? 0;
  return end === queue.length ? queue : queue.slice(0, end);
}
