import type { Socket } from 'node:net';
import { AsyncSubject, Observable, type Subscriber, type Subscription, timer } from 'rxjs';
import { WireError } from '../errors.js';
import { formatAddress } from './address.js';
import { nodeError } from './node-errors.js';
import { socketWrites } from './socket-writes.js';
import type { TcpOptions } from './tcp-options.js';
import type { BoundAddress, Wire, WireClosed } from './transport.js';

/** The ends of a wire whose socket does not know them: a Unix socket has no addresses. */
export interface WireEnds {
  readonly local: BoundAddress;
  readonly remote: BoundAddress;
}

const nothing = new Uint8Array(0);
const ignore = () => {};

/**
 * A socket of Node's as a `Wire`. Every event of the socket is handled here, and nowhere else.
 *
 * The socket is connected and not yet flowing, and nobody else listens to it. To be called in the task in which it came up:
 * a socket without an `error` listener takes the process down with the first RST.
 */
export function socketWire(socket: Socket, options: TcpOptions = {}, ends = endsOf(socket)): Wire {
  const { keepAliveMs = 30_000, probeMs = 5_000, lingerMs = 1_000 } = options;
  const { local, remote } = ends;
  const isPipe = 'path' in remote;
  const name = `The wire to ${formatAddress(remote)}`;
  const writes = socketWrites(socket);
  const closed = new AsyncSubject<WireClosed>();
  let reader: Subscriber<Uint8Array> | undefined;
  let claimed = false;
  let held = false;
  let destroyed = false;
  let failure: WireError | undefined;
  let probing: Subscription | undefined;
  let lingering: Subscription | undefined;

  socket.allowHalfOpen = true;
  socket.setNoDelay(true);
  socket.setKeepAlive(true, keepAliveMs);
  socket.pause();
  socket.on('data', (chunk: Uint8Array) => {
    // Not a Buffer: its `slice` shares memory, where everybody else's copies.
    if (!destroyed) reader?.next(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
  });
  socket.on('end', onEnd);
  socket.on('error', (error) => {
    failure ??= nodeError(name, error);
    if (!destroyed) reader?.error(failure);
  });
  socket.on('close', onClose);

  function onEnd(): void {
    // libuv reports an RST that it finds together with unread bytes as an end. Then a write fails, be it an empty one,
    // whereas on a half-closed connection it does no harm. On a Unix socket it would fail after a clean end, too.
    if (isPipe || writes.ended) complete();
    else if (writes.busy) setImmediate(complete);
    else writes.write(nothing, (error) => error ?? complete());
  }

  function complete(): void {
    if (!destroyed && !failure) reader?.complete();
  }

  function onClose(): void {
    probing?.unsubscribe();
    lingering?.unsubscribe();
    const gone = () => new WireError('reset', `${name} is gone`);
    if (!socket.readableEnded || !writes.ended) failure ??= gone();
    writes.fail(failure ?? gone());
    if (!destroyed && failure) reader?.error(failure);
    complete();
    closed.next(failure && !destroyed ? { error: failure } : {});
    closed.complete();
  }

  function flow(): void {
    if (destroyed || (claimed && !held)) socket.resume();
    else socket.pause();
  }

  /** A socket that is not read hears nothing of RST; an empty write does. */
  function probe(): void {
    if (!held) {
      probing?.unsubscribe();
      probing = undefined;
    } else if (!writes.busy && !writes.ended) writes.write(nothing, ignore);
  }

  const bytes$ = new Observable<Uint8Array>((subscriber) => {
    if (claimed) return subscriber.error(new TypeError('The bytes of a wire have one subscriber'));
    claimed = true;
    reader = subscriber;
    if (failure) process.nextTick(() => subscriber.error(failure));
    else flow();
    return () => {
      reader = undefined;
    };
  });

  /** RST at once, or, where that cannot be said, the next best. */
  function reset(): void {
    if (isPipe) socket.destroy();
    // A shutdown under way makes libuv refuse the reset, and Node then forgets the socket. It takes one round of the loop.
    else if (socket.writableEnded && !socket.writableFinished)
      socket.once('finish', () => socket.resetAndDestroy());
    else socket.resetAndDestroy();
  }

  /** The time to take our last bytes is over. What Node still holds is lost, which must not look like an orderly end. */
  function cut(): void {
    if (writes.busy) reset();
    else socket.destroy();
  }

  return {
    local,
    remote,
    bytes$,
    write: writes.write,
    end: writes.end,
    pause() {
      held = true;
      flow();
      if (!isPipe && !socket.destroyed) probing ??= timer(probeMs, probeMs).subscribe(probe);
    },
    resume() {
      held = false;
      flow();
    },
    destroy({ reset: abrupt = false } = {}) {
      if (socket.destroyed) return;
      if (!destroyed) {
        destroyed = true;
        writes.end(ignore);
        flow();
        lingering = timer(lingerMs).subscribe(cut);
      }
      if (abrupt) reset();
    },
    closed$: closed.asObservable(),
  };
}

/** A socket that its peer has reset before it was accepted has no addresses any more. */
const endsOf = (socket: Socket): WireEnds => ({
  local: { host: socket.localAddress ?? '', port: socket.localPort ?? 0 },
  remote: { host: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 },
});
