import type { Socket } from 'node:net';
import { Observable, type Subscriber, type Subscription, timer } from 'rxjs';
import type { WireError } from '../errors.js';
import { readTogether } from './read-together.js';
import { errorAtEnd } from './socket-end.js';
import type { SocketWrites } from './socket-writes.js';

export interface SocketReadsOptions {
  readonly probeMs: number;
  /** Whether an empty write tells that the peer is gone. On a Unix socket it would fail after a clean end, too. */
  readonly canProbe: boolean;
  /** The socket itself, or the one below TLS: an empty write of TLS tells nothing. */
  readonly raw: Socket;
}

const nothing = new Uint8Array(0);
const gone = () => Object.assign(new Error('The peer is gone'), { code: 'ECONNRESET' });

/** Reads a socket as long as somebody wants its bytes; leaves them in the kernel otherwise, which is what holds the peer. */
export class SocketReads {
  readonly #socket: Socket;
  readonly #writes: SocketWrites;
  readonly #options: SocketReadsOptions;
  #reader: Subscriber<Uint8Array> | undefined;
  #claimed = false;
  #held = false;
  #dropping = false;
  #failure: WireError | undefined;
  #probing: Subscription | undefined;
  readonly #together: { close(): void } | undefined;

  constructor(socket: Socket, writes: SocketWrites, options: SocketReadsOptions) {
    this.#socket = socket;
    this.#writes = writes;
    this.#options = options;
    socket.pause();
    // One that has been read, for a PROXY header, may have something left in its stream.
    if (socket.bytesRead === 0) this.#together = readTogether(socket, this);
    if (!this.#together) {
      socket.on('data', (chunk: Uint8Array) => {
        // Not a Buffer: its `slice` shares memory, where everybody else's copies.
        this.received(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
      });
    }
    socket.on('end', () => this.#ended());
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
    this.#together?.close();
    this.#stopProbing();
  }

  /** @internal A chunk has come, and is the reader's to keep. */
  received(chunk: Uint8Array): void {
    if (!this.#dropping) this.#reader?.next(chunk);
  }

  #claim(subscriber: Subscriber<Uint8Array>): void {
    if (this.#claimed) {
      subscriber.error(new TypeError('The bytes of a wire have one subscriber'));
      return;
    }
    this.#claimed = true;
    this.#reader = subscriber;
    if (this.#failure && !this.#dropping) process.nextTick(() => subscriber.error(this.#failure));
    else this.#flow();
  }

  #ended(): void {
    const error = errorAtEnd(this.#socket) ?? (this.#isWithoutPeer ? gone() : undefined);
    if (error) this.#socket.destroy(error);
    else if (!this.#dropping) this.#reader?.complete();
    this.#watchPeer();
  }

  /**
   * Under TLS, a write of Node's own may have heard of an RST, and then nothing is left to read. Of a socket that was reset the system knows no peer any more; of one whose peer
   * has ended, and not we, it does.
   */
  get #isWithoutPeer(): boolean {
    const isTls = this.#options.raw !== this.#socket;
    return isTls && this.#options.canProbe && !this.#writes.ended && this.#socket.remoteAddress === undefined;
  }

  #flow(): void {
    if (this.#dropping || (this.#claimed && !this.#held)) this.#socket.resume();
    else this.#socket.pause();
  }

  /** A socket that is not read, or has no more to read, hears nothing of RST; an empty write does, and does no harm else. */
  #watchPeer(): void {
    const { probeMs, canProbe } = this.#options;
    if (!canProbe || this.#writes.ended || this.#socket.destroyed) return;
    this.#probing ??= timer(probeMs, probeMs).subscribe(() => this.#probe());
  }

  #stopProbing(): void {
    this.#probing?.unsubscribe();
    this.#probing = undefined;
  }

  #probe(): void {
    if (!this.#held && !this.#socket.readableEnded) this.#stopProbing();
    else if (!this.#writes.busy && !this.#writes.ended) this.#options.raw.write(nothing);
  }
}
