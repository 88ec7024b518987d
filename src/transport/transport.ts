import type { NextObserver, Observable } from 'rxjs';
import type { WireError } from '../errors.js';
import type { ProxyProtocol } from './proxy-options.js';
import type { Security, Tls } from './tls-options.js';

/**
 * Where to listen, or whom to call.
 *
 * A number, `':port'` and `'port'` are 127.0.0.1; `'host:port'` and `'[::1]:port'` name a host; `'*:port'` is every
 * interface (to listen on only); `{ path }` is a Unix socket, and `mode` (to listen on only) are the permissions of its file: `0o660`. Port 0 lets the system choose.
 * A transport may know more forms.
 */
export type Address =
  | number
  | string
  | { readonly host?: string; readonly port: number }
  | { readonly path: string; readonly mode?: number };

/** An end of a wire, as the platform names it. A Unix socket has a `path` (empty at the dialling end). */
export type BoundAddress = { readonly host: string; readonly port: number } | { readonly path: string };

/** What an HTTP handshake has settled: that of a WebSocket, in Node. */
export interface Upgrade {
  /** What was asked for: with the query, as it was written (`'/feed?room=7'`), where the peer called; the whole address where we did. */
  readonly url: string;
  /** What the peer said: its request's headers where it called, its answer's where we did. Names are in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The subprotocol that both speak; empty if none was agreed on. */
  readonly protocol: string;
}

/** How a wire ended: `error` is absent after a clean end, by either side or by `destroy()`. */
export interface WireClosed {
  readonly error?: WireError;
}

/**
 * One byte stream to one peer. Nothing that the peer or the kernel says arrives inside the call that caused it.
 *
 * A wire is live from the moment it is emitted; it loses nothing before `bytes$` is subscribed, in the same task.
 */
export interface Wire {
  readonly local: BoundAddress;
  readonly remote: BoundAddress;
  /** Whether a chunk arrives as it was written, neither cut nor joined: a WebSocket's does. Absent: chunks are cut anywhere. */
  readonly keepsChunks?: boolean | undefined;
  /**
   * `false`: FIN ends both directions, as a WebSocket's close frame does. After the peer's FIN nothing of ours goes out any more: `closed$` follows the end of
   * `bytes$`, and what had not gone out fails behind it. Absent: each direction ends by itself.
   */
  readonly halfClose?: boolean | undefined;
  /** What a TLS handshake has settled; absent on a wire without TLS. */
  readonly security?: Security | undefined;
  /** What an HTTP handshake has settled; absent on a wire without one, and in a browser, which does not tell. */
  readonly upgrade?: Upgrade | undefined;
  /**
   * Only on a wire that comes in and has a TLS handshake to do. Subscribing does it; emits the wire to go on with, and completes. If it fails it errors with a `WireError` and
   * closes this wire, and so does unsubscribing before. Of this wire nothing else is of use but `destroy` and `closed$`, which speaks for both.
   */
  readonly handshake$?: Observable<Wire> | undefined;
  /**
   * The chunks as they arrive, cut anywhere; they are the receiver's to keep. One subscriber. Completes at the peer's FIN,
   * errors with a `WireError` at RST and its like. Unsubscribing discards what comes; it does not close the wire.
   */
  readonly bytes$: Observable<Uint8Array>;
  /**
   * Writes, in the order of the calls. Returns whether the kernel has the bytes already. Else they must not change until `done`, which is called once, never inside the
   * call: without an error when the kernel has them, with one when it will not have them. A wire that says `true` without end lets nobody else have
   * a turn, if whoever hears it writes again: it returns `false` now and then. `more`: another write follows in this task, and the two had better go together.
   */
  write(bytes: Uint8Array, done: (error?: WireError) => void, more?: boolean): boolean;
  /** Asks that no more chunks come; one or two that are under way still may. A paused wire still notices a dead peer. */
  pause(): void;
  resume(): void;
  /** Sends what is written, then FIN. Reading goes on. `done` as with `write`. */
  end(done: (error?: WireError) => void): void;
  /**
   * Ends the wire at once, whatever is under way; `bytes$` says nothing more. With `reset`, what is not yet with the kernel is
   * dropped and the peer sees RST. Without, the peer sees FIN behind what was written, as far as it takes it in a short,
   * bounded time in which what it still sends is read and dropped, so that the kernel does not turn the FIN into RST.
   */
  destroy(options?: { readonly reset?: boolean }): void;
  /** Emits once and completes, when nothing more will happen on this wire; replays; never errors. */
  readonly closed$: Observable<WireClosed>;
}

/** What a listener may ask of every transport; a transport may know more. */
export interface TransportListenOptions {
  /** Told the bound address, port 0 resolved, once listening has begun and before the first wire. */
  readonly openObserver?: NextObserver<BoundAddress>;
  /** Told what went wrong and ends nothing: one caller who could not be let in, new certificates that are no good. */
  readonly troubleObserver?: NextObserver<WireError>;
  /** Asks for TLS. Its first certificates come before it listens. */
  readonly tls?: Tls;
  /** Says that proxies call, and tell for whom. */
  readonly proxyProtocol?: ProxyProtocol;
}

/** What a caller may ask of every transport when it dials; a transport may know more. */
export interface TransportDialOptions {
  /** Asks for TLS. */
  readonly tls?: Tls;
}

/**
 * Where wires come from: TCP, TLS, Unix sockets, WebSockets, a virtual network. The seam for tests, and for platforms.
 *
 * Both Observables are cold. Errors are `WireError`s; an address that cannot be meant is a `TypeError` or `RangeError`, thrown at the call.
 */
export interface Transport {
  /** Set by a transport that heeds `tls` and `proxyProtocol`. One that does not is never asked for them: what was to be secret would pass in the clear. */
  readonly canSecure?: true | undefined;
  /** How many wires it can hold at a time, where that has a bound: a process has so many file descriptors. */
  readonly maxWires?: number | undefined;
  /** Subscribing binds; emits each accepted wire; errors if it cannot bind or can accept no longer. Unsubscribing stops
   * listening and releases the address; the wires live on. Never completes by itself. */
  listen(address: Address, options?: TransportListenOptions): Observable<Wire>;
  /** Subscribing dials; emits one wire and completes, or errors. Unsubscribing before that gives up, and closes what is half open. */
  dial(address: Address, options?: TransportDialOptions): Observable<Wire>;
}
