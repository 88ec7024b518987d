import type { Socket } from 'node:net';
import { Observable, type Subscriber, type Subscription, timer } from 'rxjs';
import type { WireError } from '../errors.js';
import { timerMs } from '../time.js';
import { type Bulk, type OwnedSocket, owner, type Reader, readTogether } from './read-together.js';
import { errorAtEnd } from './socket-end.js';
import type { SocketWrites } from './socket-writes.js';

const nothing = new Uint8Array(0);
const gone = () => Object.assign(new Error('The peer is gone'), { code: 'ECONNRESET' });

/** Reads a socket as long as somebody wants its bytes; leaves them in the kernel otherwise, which is what holds the peer. The owner of the socket has it as `reads`. */
export class SocketReads implements Reader {
  readonly #socket: Socket;
  readonly #writes: SocketWrites;
  /** The socket itself, or the one below TLS: an empty write of TLS tells nothing. */
  readonly #raw: Socket;
  /** How often an empty write asks whether the peer is gone. Absent where that does not tell: on a Unix socket it would fail after a clean end, too. */
  readonly #probeMs: number | undefined;
  #reader: Subscriber<Uint8Array> | undefined;
  #held = false;
  #isResting = false;
  #dropping = false;
  #failure: WireError | undefined;
  #probing: Subscription | undefined;
  /** @internal Where much is read to. */
  bulk: Bulk | undefined;

  constructor(socket: Socket, writes: SocketWrites, raw: Socket, probeMs: number | undefined) {
    this.#socket = socket;
    this.#writes = writes;
    this.#raw = raw;
    this.#probeMs = probeMs;
    socket.pause();
    // One that has been read, for a PROXY header, may have something left in its stream.
    if (socket.bytesRead > 0 || !readTogether(socket)) socket.on('data', received);
    socket.on('end', ended);
  }

  /** Nothing is undone when its subscriber leaves: it hears no more, and what that would cost ten thousand sockets is a function and a list each. */
  get bytes$(): Observable<Uint8Array> {
    return new Observable((subscriber) => this.#claim(subscriber));
  }

  pause(): void {
    this.#held = true;
    this.#flow();
    this.#watchPeer();
  }

  resume(): void {
    this.#held = false;
    this.#flow();
  }

  /** From here on whatever comes is read and dropped, and `bytes$` says nothing more. */
  drop(): void {
    this.#dropping = true;
    this.#flow();
  }

  /** Ends `bytes$`, unless it has ended. */
  fail(error: WireError): void {
    this.#failure ??= error;
    if (!this.#dropping) this.#reader?.error(this.#failure);
  }

  /** Nothing will come any more. */
  stop(): void {
    this.bulk?.close();
    this.#stopProbing();
  }

  /** @internal A chunk has come, and is the reader's to keep. */
  received(chunk: Uint8Array): void {
    if (!this.#dropping) this.#reader?.next(chunk);
  }

  /** @internal Whoever takes what has come may want more at once. */
  rest(): void {
    this.#isResting = true;
  }

  /** @internal */
  readOn(): void {
    this.#isResting = false;
    this.#flow();
  }

  #claim(subscriber: Subscriber<Uint8Array>): void {
    if (this.#reader) {
      subscriber.error(new TypeError('The bytes of a wire have one subscriber'));
      return;
    }
    this.#reader = subscriber;
    if (this.#failure && !this.#dropping) process.nextTick(() => subscriber.error(this.#failure));
    else this.#flow();
  }

  /** @internal */
  ended(): void {
    const error = errorAtEnd(this.#socket) ?? (this.#isWithoutPeer ? gone() : undefined);
    if (error) this.#socket.destroy(error);
    else if (!this.#dropping) this.#reader?.complete();
    this.#watchPeer();
  }

  /**
   * Under TLS, a write of Node's own may have heard of an RST, the one that says that we end among them, and then nothing is left to read. Of a socket that was reset the system
   * knows no peer any more; of one whose peer has ended, and not we, it does.
   */
  get #isWithoutPeer(): boolean {
    const isTls = this.#raw !== this.#socket;
    if (!isTls || this.#probeMs === undefined) return false;
    return !(this.#writes.hadPeer ?? this.#socket.remoteAddress !== undefined);
  }

  #flow(): void {
    if (this.#dropping || (this.#reader && !this.#held && !this.#isResting)) this.#socket.resume();
    else this.#socket.pause();
  }

  /** A socket that is not read, or has no more to read, hears nothing of RST; an empty write does, and does no harm else. */
  #watchPeer(): void {
    const probeMs = this.#probeMs;
    if (probeMs === undefined || this.#writes.ended || this.#socket.destroyed) return;
    this.#probing ??= timer(timerMs(probeMs), timerMs(probeMs)).subscribe(() => this.#probe());
  }

  #stopProbing(): void {
    this.#probing?.unsubscribe();
    this.#probing = undefined;
  }

  #probe(): void {
    if (!this.#held && !this.#socket.readableEnded) this.#stopProbing();
    else if (!this.#writes.busy && !this.#writes.ended) this.#raw.write(nothing);
  }
}

function received(this: OwnedSocket, { buffer, byteOffset, byteLength }: Uint8Array): void {
  // Not a Buffer: its `slice` shares memory, where everybody else's copies.
  this[owner].reads.received(new Uint8Array(buffer, byteOffset, byteLength));
}

function ended(this: OwnedSocket): void {
  this[owner].reads.ended();
}
