/** The front door, in the order in which a chunk walks through the rooms. */
export {
  AsyncSchemaError,
  type ErrorCode,
  type Fate,
  HoldLostError,
  PacedOverflowError,
  ProtocolError,
  type ProtocolErrorCode,
  SchemaError,
  SendError,
  type SendErrorCode,
  TinyprotoError,
  WireError,
  type WireErrorCode,
} from './errors.js';
export type { Address, BoundAddress, Transport, Upgrade, Wire } from './transport/transport.js';
export type { AddressList, ProxyProtocol } from './transport/proxy-options.js';
export { tcp } from './transport/tcp.js';
export type {
  Certificate,
  PeerCertificate,
  Pem,
  PresharedKey,
  Security,
  Tls,
  TlsOptions,
} from './transport/tls-options.js';
export type { Decoder } from './framing/decoder.js';
export type {
  Framing,
  FramingGrants,
  FramingMachine,
  FramingPort,
  FramingStreams,
  StreamingMachine,
  StreamingPort,
  Wait,
} from './framing/framing.js';
export type { Frame, FramingOut, FramingTalk } from './outbox/frame.js';
export { queueFrames } from './outbox/queue-frames.js';
export { PacedDecoder } from './framing/paced-decoder.js';
export { framing, type FramingOptions } from './framing/lift.js';
export { lengthPrefixed, type LengthPrefixedOptions } from './framing/length-prefixed.js';
export { varintPrefixed, type VarintPrefixedOptions } from './framing/varint-prefixed.js';
export { delimited, type DelimitedOptions } from './framing/delimited.js';
export { lines, type LinesOptions } from './framing/lines.js';
export { fixedLength } from './framing/fixed-length.js';
export { wholeChunks, type WholeChunksOptions } from './framing/whole-chunks.js';
export { jsonTexts, type JsonTextsOptions } from './framing/json-texts.js';
export { tinyproto, type TinyprotoOptions } from './framing/tinyproto.js';
export { decode } from './framing/decode.js';
export { encode } from './framing/encode.js';
export type { Codec } from './codec/codec.js';
export { codecs } from './codec/codecs.js';
export { json, type SchemaIssue, type SchemaResult, type StandardSchema } from './codec/json.js';
export { text } from './codec/text.js';
export { consume, type ConsumeOptions } from './flow/consume.js';
export { hold, type Hold, type HoldOptions } from './flow/hold.js';
export { paced, type PacedOptions, type Valve } from './flow/paced.js';
export type { Body, OutgoingBody, StreamedBodies } from './connection/body.js';
export type { BodyConnection, Closed, Connection, Flow, Protocol } from './connection/connection.js';
export type { ConnectionOptions } from './connection/options.js';
export { type Traffic, traffic } from './connection/traffic.js';
export { type BackoffOptions, backoff } from './client/backoff.js';
export type { ConnectOptions } from './client/connect.js';
export { converse } from './client/converse.js';
export { failover } from './client/failover.js';
export type { WhileAway } from './client/logical-sends.js';
export { isPermanent } from './client/permanent.js';
export { reconnect, type ReconnectOptions, type ReconnectState } from './client/reconnect.js';
export type { PerAddressLimits } from './server/address-table.js';
export type { DoorOptions, Refusal } from './server/doorman.js';
export type { ServerEvent } from './server/events.js';
export type { ListenOptions } from './server/listen.js';
export { liveConnections } from './server/live-connections.js';
export { serve, type ServeContext, type ServeOptions } from './server/serve.js';
export type { ShutdownProgress } from './server/shutdown-progress.js';
export { broadcast } from './relay/broadcast.js';
export type { Audience, BroadcastOptions, Dropped, Room, SendOptions } from './relay/room.js';
export { distribute, type DistributeOptions } from './relay/distribute.js';
export { gather, type Gathered } from './relay/gather.js';
export { heartbeat, writeIdle } from './relay/heartbeat.js';
export { idleTimeout } from './relay/idle-timeout.js';
export type { OnSlow } from './relay/member.js';
export { relay, type RelayOptions } from './relay/relay.js';

import { connectOver } from './client/connect.js';
import { together } from './outbox/open-outbox.js';
import { streamedBodies } from './connection/streamed-bodies.js';
import { tinyproto } from './framing/tinyproto.js';
import { listenOver } from './server/listen.js';
import { tcp } from './transport/tcp.js';

/** All that is bound here is marked as pure: with an operator, or with `connect`, no server comes into a bundle. */
const defaults = {
  transport: /* @__PURE__ */ tcp(),
  framing: /* @__PURE__ */ tinyproto(),
  bodies: streamedBodies,
  outbox: together,
};

/**
 * Listens on one address or several, and emits each connection when its opening exchange is done.
 *
 *     wires    --w----w-------w--
 *     listen   ---c----c-------c-      never completes by itself
 *
 * A number and `':port'` are 127.0.0.1, `'*:port'` is every interface, `{ path }` is a Unix socket; port 0 lets the system choose, and
 * `openObserver` is told what was bound. At most `maxConnections` (default 10,000) are open at once; one too many is told so and hung up on.
 * A connection that nobody reads, serves, sends to or closes within `claimTimeoutMs` (default 10,000) is destroyed.
 *
 * Cold: each subscription binds; `share()` it to use it twice. Errors with a `WireError` (`address-in-use`, …) if an address cannot be bound, and leaves none
 * bound; throws a `TypeError` or `RangeError` at once for one that cannot be meant. A connection that fails, also in its opening, is no error here.
 * Unsubscribing stops listening and destroys what is still opening; the connections belong to whoever handles them: see `serve`.
 *
 * @example
 * ```ts
 * import { consume, listen, serve } from 'rx-tinyproto';
 *
 * listen(['127.0.0.1:9123', { path: '/tmp/echo.sock' }])
 *   .pipe(serve((conn) => conn.messages$.pipe(consume((message) => conn.send(message)))))
 *   .subscribe();
 * ```
 */
export const listen = /* @__PURE__ */ listenOver(defaults);

/**
 * Connects to a server: emits the connection when its opening exchange is done, and lasts as long as it does.
 *
 *     connect   ---c-------|      the connection ends cleanly
 *
 * Completes after a clean end. Errors with a `WireError` or `ProtocolError` if it does not come up within `connectTimeoutMs` (default 10,000), and with the connection's
 * own error otherwise. Unsubscribing closes the connection in order, in the background: so `take(1)` and `firstValueFrom` close it at once. Use `converse`: an
 * operator of RxJS in its place, such as `switchMap`, lets an error end its handler before that has read what had come. Cold: each subscription connects. Throws a `TypeError` or `RangeError` at once for an address that cannot be meant.
 *
 * @example
 * ```ts
 * import { connect, converse, text } from 'rx-tinyproto';
 *
 * connect('127.0.0.1:9123', { codec: text() })
 *   .pipe(converse((conn) => conn.messages$))
 *   .subscribe({ next: console.log, error: console.error });
 * ```
 */
export const connect = /* @__PURE__ */ connectOver(defaults);
