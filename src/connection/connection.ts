import type { Observable, ObservableInput } from 'rxjs';
import type { Codec } from '../codec/codec.js';
import type { Framing } from '../framing/framing.js';
import type { Security } from '../transport/tls-options.js';
import type { BoundAddress, Upgrade } from '../transport/transport.js';
import type { Body, OutgoingBody } from './body.js';
import type { Traffic } from './traffic.js';

/** How a connection ended. */
export interface Closed {
  /** `us`: `close()`, `destroy()` or an unsubscription came first. `peer`: its FIN did. `error`: neither. */
  readonly by: 'us' | 'peer' | 'error';
  /** Absent after a clean end. */
  readonly error?: unknown;
  /** What its handler in `serve` had failed with when it was destroyed for that. The peer hears nothing of it. */
  readonly handlerError?: unknown;
  /** The messages of ours of which nothing was sent, encoded, in order: for the next connection, say. Absent if there are none. */
  readonly unsent?: readonly Uint8Array[];
  /** What came after `close()`, or was unread by then, and was dropped. */
  readonly dropped: { readonly messages: number; readonly bytes: number };
}

/**
 * One wire and one framing: messages come and go, whole.
 *
 * Whoever handles it owns it: `serve` and `converse` close it in order; by hand, call `close()`.
 *
 * `for await (const message of connection)` holds each message while the body of the loop runs; the next reader goes on where the loop was left.
 */
export interface Connection<In = Uint8Array, Out = In> extends AsyncIterable<In> {
  /** A UUID. */
  readonly id: string;
  /** Our end, as the platform names it. */
  readonly local: BoundAddress;
  /** The peer's end; behind a proxy with `proxyProtocol`, the one that the proxy names. */
  readonly remote: BoundAddress;
  /** With TLS: what its handshake has settled, and who the peer is by its certificate. */
  readonly security?: Security | undefined;
  /** Of a WebSocket in Node: what its HTTP handshake has said. So a handler learns who was admitted, from a cookie, a token or the query. */
  readonly upgrade?: Upgrade | undefined;
  /** What has passed on this connection so far. */
  readonly traffic: Traffic;
  /**
   * The messages of the peer, one at a time; the next comes when every hold on this one has room (see `consume`).
   *
   *     wire       --a-b---c--|        the peer sends, and ends
   *     messages$  --a-b---c--|
   *
   * Delivery starts in a later task than the subscription: all who subscribe in one turn see the first message, who comes during a
   * delivery starts with the next. It reads only while somebody is subscribed; when all have left, the next subscriber continues
   * where they left. Completes at a clean end, errors with a `ProtocolError` or a `WireError` otherwise, behind the messages that had come.
   */
  readonly messages$: Observable<In>;
  /**
   * Sends a message when subscribed, and again with each further subscription. Emits once and completes when the message has been
   * taken, never inside `subscribe`: with tinyproto, when the receiver's OK has come and the kernel has the payload; otherwise when the kernel has it.
   *
   *     send('a')  ----(x|)            x is undefined
   *
   * Messages go out in the order of subscription. Unsubscribing before the first byte takes it out of the queue; afterwards it goes out
   * whole. Errors with a `SendError`; only `connection-closed`, and a body that failed on its way, mean that the connection is gone; `fate` says how far the message had come.
   * The message's bytes must not change until then. Throws a `TypeError` at once if there is no codec and it is no `Uint8Array`.
   */
  send(message: Out): Observable<void>;
  /**
   * Sends a stream of messages with one subscription. Emits once and completes when the last has been taken.
   *
   *     messages    a-b-c|
   *     sendAll     -------(x|)
   *
   * It is paced: each message is held (see `hold`) until there is room for the next in the framing's window, or below the high water mark of the queue. An
   * array, or any other iterable, an asynchronous one too, is drawn from as there is room. What comes without heed of a hold waits in the queue, within its bounds.
   * Its messages give way to those of `send`, where the framing needs that to stay live; with tinyproto they also wait while `inboxSlots` messages lie here that nobody has consumed, so whoever streams reads on. Errors with the first `SendError`, or the source's error;
   * then, and when unsubscribed, what has not begun leaves the queue.
   */
  sendAll(messages: ObservableInput<Out>): Observable<void>;
  /**
   * Goes on in another framing, or with another codec, from the next byte behind the messages delivered so far: a greeting in lines, then binary. Returns this
   * connection, typed anew; `messages$` goes on with it. Called inside `next`, it is exact to the byte. An opening exchange of the new framing runs first, and sends wait for it.
   * What was sent before has begun, and goes out as it was framed; what a room still has waiting for this connection goes in the new framing.
   * Throws a `TypeError` where the present framing cannot be swapped out (tinyproto: its answers are on their way; any, while a body is on its way or waits), a `WireError` when the connection has ended.
   */
  reframe<NextIn = Uint8Array, NextOut = NextIn>(
    next: Protocol<NextIn, NextOut>,
  ): Connection<NextIn, NextOut>;
  /**
   * Ends our direction: what is queued goes out, then FIN; messages still come. Begins when subscribed; unsubscribing does not stop it. Emits once and
   * completes when FIN is out, errors with the connection's error if that comes first. Throws a `TypeError` at once where the framing cannot half-close (tinyproto: its OKs need both directions), or the wire (WebSocket).
   */
  end(): Observable<void>;
  /**
   * Ends the conversation in order: what is queued goes out, then FIN, then it waits for the peer's; at `closeTimeoutMs` the wire is
   * destroyed. Begins when subscribed; unsubscribing does not stop it. Emits once and completes when the wire is closed. `messages$`
   * completes at once, and what still comes is dropped.
   */
  close(): Observable<void>;
  /** Ends the connection at once. `messages$` completes, or errors with `error` if there is one, and then the peer sees a reset and no orderly end; sends that were not taken fail. */
  destroy(error?: unknown): void;
  /** How the connection ended: emits once and completes, never errors, replays. */
  readonly closed$: Observable<Closed>;
  /**
   * Whether there is room to send: `paused` when what waits to be taken passes half of the queue's bounds, `open` again when it falls to a quarter. Emits the
   * present state, then each change; completes when the connection has closed.
   */
  readonly flow$: Observable<Flow>;
}

/** A connection whose messages are streams of bytes; see {@link StreamedBodies}. */
export type BodyConnection = Connection<Body, OutgoingBody | Uint8Array>;

/** How bytes become messages, and messages values. */
export interface Protocol<In = Uint8Array, Out = In> {
  /** @default the present one */
  readonly framing?: Framing;
  /** Without one, messages are `Uint8Array`s. */
  readonly codec?: Codec<In, Out>;
}

/** Whether there is room to send. */
export type Flow = 'open' | 'paused';
