import type { Server as HttpServer, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { TlsOptions } from 'node:tls';

/** Options of {@link webSocket} in Node. */
export interface WebSocketOptions {
  /** Listen on this server, which is yours to start and to stop; the address is then a path: `listen('/chat', …)`. Other requests are left alone, and upgrades to other paths to whoever else listens for them; where nobody does, the answer is 404. */
  readonly server?: HttpServer | HttpsServer;
  /**
   * Which pages may connect, by their origin (`https://example.org`). Whoever sends no origin is no browser, and may. `'any'` lets in every page of every site, with the
   * visitor's cookies. @default none but pages of the host that they connect to
   */
  readonly origins?: readonly string[] | 'any';
  /**
   * Asked about each handshake that the origin allows, before it is answered: a token, a cookie. Whoever it does not say `true` to is answered with 403. Where it throws
   * the answer is 500, and the `eventObserver` is told of `trouble`.
   */
  readonly admit?: (request: IncomingMessage) => boolean;
  /** Subprotocols: offered when dialling; when listening, the first of them that the caller offers is taken, and one that offers none of them is answered with 400. */
  readonly protocols?: readonly string[];
  /** Headers of the handshake, when dialling. */
  readonly headers?: OutgoingHttpHeaders;
  /** Certificates and keys, for `wss://`: those of the server when listening, what to trust when dialling. Node's own names. */
  readonly tls?: TlsOptions;
  /** Largest message that may come; with `compress`, on the road as well as inflated. One above it ends the connection with `bad-frame`. @default 8 MiB */
  readonly maxMessageBytes?: number;
  /** Whether messages may be compressed on the road (permessage-deflate). It costs memory for each connection, and secrets beside text of others leak by their sizes. @default false */
  readonly compress?: boolean;
  /** What becomes of text frames: refused, which ends the connection with `bad-frame`, or passed on as their UTF-8. @default 'refuse' */
  readonly textFrames?: 'refuse' | 'pass';
  /** How long a caller of a server of ours may take for its handshake, in milliseconds. @default 10,000 */
  readonly handshakeTimeoutMs?: number;
  /**
   * How long the other side may take, once a close frame is on its way, for what was written before it and to hang up, in milliseconds. Raise it together with the
   * `closeTimeoutMs` of `listen` and `connect`. @default 10,000
   */
  readonly closeTimeoutMs?: number;
  /** How often a ping is sent while nothing else is on its way, so that no proxy takes the connection for dead, in milliseconds. An answer is not waited for, and none is asked of who is held. @default 30,000 */
  readonly pingMs?: number;
  /** How often a wire that is paused looks whether the peer is still there, in milliseconds. @default 5,000 */
  readonly probeMs?: number;
  /** How long `destroy()` waits for the peer to take what was written, in milliseconds. @default 1,000 */
  readonly lingerMs?: number;
}
