import type { Socket } from 'node:net';
import { AsyncSubject, type Subscription, timer } from 'rxjs';
import { WireError } from '../errors.js';
import { formatAddress } from './address.js';
import { nodeError } from './node-errors.js';
import { socketReads } from './socket-reads.js';
import { socketWrites } from './socket-writes.js';
import type { TcpOptions } from './tcp-options.js';
import type { BoundAddress, Wire, WireClosed } from './transport.js';

/** The ends of a wire whose socket does not know them: a Unix socket has no addresses. */
export interface WireEnds {
  readonly local: BoundAddress;
  readonly remote: BoundAddress;
}

/**
 * A socket of Node's as a `Wire`. Every event of the socket is handled here and in `socketReads`, and nowhere else.
 *
 * The socket is connected and not yet flowing, and nobody else listens to it. To be called in the task in which it came up:
 * a socket without an `error` listener takes the process down with the first RST.
 */
export function socketWire(socket: Socket, options: TcpOptions = {}, ends = endsOf(socket)): Wire {
  const { keepAliveMs = 30_000, probeMs = 5_000, lingerMs = 1_000 } = options;
  const name = `The wire to ${formatAddress(ends.remote)}`;
  const canReset = 'port' in ends.remote;
  const writes = socketWrites(socket);
  const reads = socketReads(socket, writes, { probeMs, canProbe: canReset });
  const closed = new AsyncSubject<WireClosed>();
  let outcome: WireClosed = {};
  let destroyed = false;
  let lingering: Subscription | undefined;

  socket.allowHalfOpen = true;
  socket.setNoDelay(true);
  socket.setKeepAlive(true, keepAliveMs);
  socket.on('error', onError);
  socket.on('close', onClose);

  function onError(cause: Error): void {
    const error = nodeError(name, cause);
    reads.fail(error);
    if (!destroyed) outcome = { error };
  }

  function onClose(): void {
    reads.stop();
    lingering?.unsubscribe();
    const gone = new WireError('reset', `${name} is gone`);
    const inOrder = socket.readableEnded && writes.ended;
    if (!inOrder && !destroyed) outcome = { error: outcome.error ?? gone };
    reads.fail(outcome.error ?? gone);
    writes.fail(outcome.error ?? gone);
    closed.next(outcome);
    closed.complete();
  }

  /** RST at once; where that cannot be said, what comes next to it. */
  function reset(): void {
    if (!canReset) socket.destroy();
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

  function destroy({ reset: atOnce = false }: { readonly reset?: boolean } = {}): void {
    const first = !destroyed;
    destroyed = true;
    reads.drop();
    if (socket.destroyed) return;
    if (first) {
      writes.end(() => {});
      lingering = timer(lingerMs).subscribe(cut);
    }
    if (atOnce) reset();
  }

  return {
    ...ends,
    bytes$: reads.bytes$,
    write: writes.write,
    pause: reads.pause,
    resume: reads.resume,
    end: writes.end,
    destroy,
    closed$: closed.asObservable(),
  };
}

/** A socket that its peer has reset before it was accepted has no addresses any more. */
const endsOf = (socket: Socket): WireEnds => ({
  local: { host: socket.localAddress ?? '', port: socket.localPort ?? 0 },
  remote: { host: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 },
});
