import type { Socket } from 'node:net';
import { type Observable, type Subscription, timer } from 'rxjs';
import { WireError } from '../errors.js';
import { timerMs } from '../time.js';
import { formatAddress } from './address.js';
import { nodeError } from './node-errors.js';
import { Once } from './once.js';
import { type OwnedSocket, owner } from './read-together.js';
import { SocketReads } from './socket-reads.js';
import { SocketWrites } from './socket-writes.js';
import type { TcpOptions } from './tcp-options.js';
import type { Security } from './tls-options.js';
import type { BoundAddress, Wire, WireClosed } from './transport.js';

/** The ends of a wire whose socket does not know them: a Unix socket has no addresses. */
export interface WireEnds {
  readonly local: BoundAddress;
  readonly remote: BoundAddress;
}

/**
 * A socket of Node's as a `Wire`. Every event of the socket is handled here and in `SocketReads`, and nowhere else.
 *
 * The socket is connected and not yet flowing, and nobody else listens to it. To be called in the task in which it came up:
 * a socket without an `error` listener takes the process down with the first RST.
 */
export function socketWire(
  socket: Socket,
  options: TcpOptions = {},
  ends = endsOf(socket),
  tls?: BelowTls,
): Wire {
  return new SocketWire(socket, options, ends, tls);
}

/** Of a TLS socket: the one that it is made of, and what the handshake has settled. */
export interface BelowTls {
  readonly raw: Socket;
  readonly security: Security;
}

class SocketWire implements Wire {
  readonly local: BoundAddress;
  readonly remote: BoundAddress;
  readonly security?: Security;
  readonly #socket: Socket;
  /** The socket itself, or the one below TLS. */
  readonly #raw: Socket;
  readonly #writes: SocketWrites;
  /** @internal */
  readonly reads: SocketReads;
  readonly #closed = new Once<WireClosed>();
  readonly #lingerMs: number;
  #error: WireError | undefined;
  #destroyed = false;
  #lingering: Subscription | undefined;

  constructor(socket: Socket, options: TcpOptions, { local, remote }: WireEnds, tls?: BelowTls) {
    const { keepAliveMs = 30_000, probeMs = 5_000, lingerMs = 1_000 } = options;
    this.local = local;
    this.remote = remote;
    if (tls) this.security = tls.security;
    this.#socket = socket;
    this.#raw = tls?.raw ?? socket;
    this.#lingerMs = lingerMs;
    this.#writes = new SocketWrites(socket);
    this.reads = new SocketReads(socket, this.#writes, this.#raw, this.#canReset ? probeMs : undefined);
    socket.allowHalfOpen = true;
    socket.setNoDelay(true);
    // The kernel counts seconds, and takes none of them for two hours.
    socket.setKeepAlive(true, Math.max(1_000, keepAliveMs));
    (socket as OwnedSocket<SocketWire>)[owner] = this;
    socket.on('error', failed).on('close', closed);
  }

  get bytes$(): Observable<Uint8Array> {
    return this.reads.bytes$;
  }

  get closed$(): Observable<WireClosed> {
    return this.#closed.value$;
  }

  write(bytes: Uint8Array, done: (error?: WireError) => void, more?: boolean): boolean {
    return this.#writes.write(bytes, done, more);
  }

  pause(): void {
    this.reads.pause();
  }

  resume(): void {
    this.reads.resume();
  }

  end(done: (error?: WireError) => void): void {
    this.#writes.end(done);
  }

  destroy({ reset = false }: { readonly reset?: boolean } = {}): void {
    const first = !this.#destroyed;
    this.#destroyed = true;
    this.reads.drop();
    if (this.#socket.destroyed) return;
    if (first) {
      this.#writes.end(() => {});
      this.#lingering = timer(timerMs(this.#lingerMs)).subscribe(() => this.#cut());
    }
    if (reset) this.#reset();
  }

  get #canReset(): boolean {
    // Behind a proxy that calls by a Unix socket, the far end has a port and the socket none.
    return 'port' in this.local;
  }

  get #name(): string {
    return `The wire to ${formatAddress(this.remote)}`;
  }

  /** @internal */
  failed(cause: Error): void {
    const error = nodeError(this.#name, cause);
    this.reads.fail(error);
    if (!this.#destroyed) this.#error = error;
  }

  /** @internal The socket is gone. */
  gone(): void {
    this.reads.stop();
    this.#lingering?.unsubscribe();
    const gone = new WireError('reset', `${this.#name} is gone`);
    const inOrder = this.#socket.readableEnded && this.#writes.ended;
    if (!inOrder && !this.#destroyed) this.#error ??= gone;
    const error = this.#error ?? gone;
    this.reads.fail(error);
    this.#writes.fail(error);
    this.#closed.tell(this.#error ? { error } : {});
  }

  /** RST at once; where that cannot be said, what comes next to it. */
  #reset(): void {
    const socket = this.#socket;
    if (!this.#canReset) socket.destroy();
    // A shutdown under way makes libuv refuse the reset, and Node then forgets the socket. It takes one round of the loop.
    else if (socket.writableEnded && !socket.writableFinished)
      socket.once('finish', () => resetAndDestroy(socket, this.#raw));
    else resetAndDestroy(socket, this.#raw);
  }

  /** The time to take our last bytes is over. What Node still holds is lost, which must not look like an orderly end. */
  #cut(): void {
    if (this.#writes.busy) this.#reset();
    else this.#socket.destroy();
  }
}

function failed(this: OwnedSocket<SocketWire>, cause: Error): void {
  this[owner].failed(cause);
}

function closed(this: OwnedSocket<SocketWire>): void {
  this[owner].gone();
}

/** TLS has to go first, or it writes to a socket that is no more, and the process dies; as it goes it closes the socket below, by then with RST. */
function resetAndDestroy(socket: Socket, raw: Socket): void {
  if (socket === raw) raw.resetAndDestroy();
  else {
    Object.assign(raw, { resetAndClosing: true });
    socket.destroy();
  }
}

/** A socket that its peer has reset before it was accepted has no addresses any more. `local`, if that is known: Node keeps what it was asked for. */
export const endsOf = (socket: Socket, local?: BoundAddress): WireEnds => ({
  local: local ?? { host: socket.localAddress ?? '', port: socket.localPort ?? 0 },
  remote: { host: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 },
});
