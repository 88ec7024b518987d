import type { Socket } from 'node:net';
import { Observable, type Subscriber, type Subscription, timer } from 'rxjs';
import type { WireError } from '../errors.js';
import { errorAtEnd } from './socket-end.js';
import type { SocketWrites } from './socket-writes.js';

/** What comes out of one socket. */
export interface SocketReads {
  readonly bytes$: Observable<Uint8Array>;
  pause(): void;
  resume(): void;
  /** From here on whatever comes is read and dropped, and `bytes$` says nothing more. */
  drop(): void;
  /** Ends `bytes$`, unless it has ended. */
  fail(error: WireError): void;
  /** Nothing will come any more. */
  stop(): void;
}

export interface SocketReadsOptions {
  readonly probeMs: number;
  /** Whether an empty write tells that the peer is gone. On a Unix socket it would fail after a clean end, too. */
  readonly canProbe: boolean;
}

const nothing = new Uint8Array(0);

/** Reads a socket as long as somebody wants its bytes; leaves them in the kernel otherwise, which is what holds the peer. */
export function socketReads(socket: Socket, writes: SocketWrites, options: SocketReadsOptions): SocketReads {
  const { probeMs, canProbe } = options;
  let reader: Subscriber<Uint8Array> | undefined;
  let claimed = false;
  let held = false;
  let dropping = false;
  let failure: WireError | undefined;
  let probing: Subscription | undefined;

  socket.pause();
  socket.on('data', (chunk: Uint8Array) => {
    // Not a Buffer: its `slice` shares memory, where everybody else's copies.
    if (!dropping) reader?.next(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
  });
  socket.on('end', () => {
    const error = errorAtEnd(socket);
    if (error) socket.destroy(error);
    else if (!dropping) reader?.complete();
    watchPeer();
  });

  function flow(): void {
    if (dropping || (claimed && !held)) socket.resume();
    else socket.pause();
  }

  /** A socket that is not read, or has no more to read, hears nothing of RST; an empty write does, and does no harm else. */
  function watchPeer(): void {
    if (canProbe && !writes.ended && !socket.destroyed) probing ??= timer(probeMs, probeMs).subscribe(probe);
  }

  function probe(): void {
    if (!held && !socket.readableEnded) stop();
    else if (!writes.busy && !writes.ended) writes.write(nothing, () => {});
  }

  function stop(): void {
    probing?.unsubscribe();
    probing = undefined;
  }

  const bytes$ = new Observable<Uint8Array>((subscriber) => {
    if (claimed) return subscriber.error(new TypeError('The bytes of a wire have one subscriber'));
    claimed = true;
    reader = subscriber;
    if (failure && !dropping) process.nextTick(() => subscriber.error(failure));
    else flow();
    return () => {
      reader = undefined;
    };
  });

  return {
    bytes$,
    pause() {
      held = true;
      flow();
      watchPeer();
    },
    resume() {
      held = false;
      flow();
    },
    drop() {
      dropping = true;
      flow();
    },
    fail(error) {
      failure ??= error;
      if (!dropping) reader?.error(failure);
    },
    stop,
  };
}
