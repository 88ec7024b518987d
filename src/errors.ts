/**
 * Every error that this library raises. Blame is the taxonomy, the closed list of codes is the contract, the text is not:
 * program against `instanceof` and `code`. Where something else failed first, that is the `cause`. No text holds payload bytes.
 *
 * A mistake in a call is a `TypeError` or a `RangeError`, thrown at once. A clean end is completion, never an error.
 */

/** What can go wrong with one message of ours, while the connection lives on or after it is gone. */
export type SendErrorCode =
  /** The connection's queue of sends is at its bound (`maxQueuedBytes`, `maxQueuedMessages`). */
  | 'queue-full'
  /** The message is larger than the framing can carry, or than our own `maxMessageBytes`. */
  | 'message-too-large'
  /** The codec could not turn the value into bytes; the `cause` says why. */
  | 'not-encodable'
  /**
   * The source of a streamed body failed, or gave more or fewer bytes than its size, or too many at once; the `cause` says which. If its header had gone out,
   * nothing can be repaired: the connection is reset, too.
   */
  | 'body-failed'
  /** A room that spans processes has lost its way to the others, and may neither wait nor go on alone (`whileAway`). `fate` says whether they may have the message. */
  | 'bus-away'
  /** The peer refused the size of this message. It lives, and so does the connection. */
  | 'refused'
  /** The connection ended, or was ended, before the message was taken. `fate` says how far it had come. */
  | 'connection-closed';

/** What the peer did that the protocol does not allow. */
export type ProtocolErrorCode =
  /** The peer's first byte is neither its OK nor a known refusal: it speaks another protocol. */
  | 'bad-opening'
  /** The peer answered the opening with `00`, the original's word for "something is wrong" (and, from 2.0.1, for "full"). */
  | 'opening-refused'
  /** The peer answered the opening with `fe`: it has as many connections as it allows. */
  | 'connection-limit'
  /** The peer answered the opening with `fd`: a conflict, which tinyproto names and never explains. */
  | 'conflict'
  /** The opening byte did not come in time (`openingTimeoutMs`). */
  | 'opening-timeout'
  /** The peer announced, or began, a message larger than `maxMessageBytes`, and the framing has no way to skip it. */
  | 'message-too-large'
  /** The bytes stopped inside a message. */
  | 'cut-short'
  /** A signal that may not stand where it stood: the two sides have lost step. */
  | 'unexpected-signal'
  /** An answer came while none of our frames was waiting for one. */
  | 'unexpected-answer'
  /** More than 64 frames of the peer's are unanswered. */
  | 'too-many-unanswered'
  /** Half duplex: a header of the peer's crossed with one of ours. This cannot be repaired. */
  | 'collision'
  /** The rest of a header that had begun did not come in time (`headerTimeoutMs`). */
  | 'header-timeout'
  /** A payload that was due came slower than its floor rate (`payloadTimeoutMs`, `payloadFloorBytesPerSecond`; in other framings `messageTimeoutMs`). */
  | 'payload-timeout'
  /** The peer did not answer a header of ours in time (`okTimeoutMs`). */
  | 'ok-timeout'
  /** Both sides withheld their OKs from each other, and nothing moved (`mutualHoldTimeoutMs`). */
  | 'mutual-hold'
  /**
   * What the inbox must take, in half duplex or in a tie, is above its bound; or a connection has waited for 30 s with part of a message here while `maxInboundBytes` of its server
   * was used up.
   */
  | 'inbox-overflow'
  /** A message's bytes are no value of the codec's; the `cause` says why, `bytes` has them. */
  | 'not-decodable'
  /** Bytes that no message of the framing can begin with. */
  | 'malformed';

/** What the road between the two sides did. */
export type WireErrorCode =
  /** Somebody listens there already, or, for a Unix socket, a file that is no socket is in the way. */
  | 'address-in-use'
  /** No interface of this machine has the address. */
  | 'address-not-available'
  /** The system does not let us listen or connect there: a privileged port, the permissions of a folder or a socket file. Or one who is no proxy called where only proxies may. */
  | 'access-denied'
  /** Nobody listens there. For a Unix socket: no file, or no server behind it. */
  | 'connection-refused'
  /** No route leads to the host, or the network is down. */
  | 'host-unreachable'
  /** The name has no address, or no name server answered. */
  | 'name-not-found'
  /** No connection within `connectTimeoutMs`: the name, the dial and the opening exchange together. */
  | 'connect-timeout'
  /** The connection was reset (RST), or was gone when we wrote to it. */
  | 'reset'
  /** The kernel gave up on the peer: keep-alive, or retransmission. */
  | 'timed-out'
  /** A TLS handshake, or the PROXY header before it, was not done in its time (`handshakeTimeoutMs`, `headerTimeoutMs`). */
  | 'handshake-timeout'
  /** The TLS handshake failed: no version, cipher or protocol in common, or the peer speaks no TLS. */
  | 'tls-failed'
  /** The peer's certificate is not good: an authority that is not trusted, another name, expired, none at all. Or the peer says so of ours. */
  | 'not-trusted'
  /** What came from a proxy does not begin with a PROXY header. */
  | 'bad-proxy-header'
  /** Bytes of ours made no progress for `writeTimeoutMs`. */
  | 'write-timeout'
  /** An orderly close was not answered within `closeTimeoutMs`. */
  | 'close-timeout'
  /** Nobody read, served, sent to or closed the connection within `claimTimeoutMs`. */
  | 'unclaimed'
  /** The peer took messages more slowly than a room keeps them for it (`broadcast`, `onSlow: 'disconnect'`). */
  | 'too-slow'
  /** No message came for as long as `idleTimeout` allows, though there was room for one. */
  | 'idle'
  /** The answer to a WebSocket's handshake was a refusal, or no WebSocket's; the `cause` has the status. */
  | 'handshake-failed'
  /** The peer broke the WebSocket protocol, or brought text or a frame larger than this side takes; the `cause` says which. */
  | 'bad-frame'
  /** The peer closed a WebSocket with a code that is no clean end; the `cause` has the code and its reason. */
  | 'closed-with-code'
  /** A browser's WebSocket cannot hold its peer, and more than `maxUnreadBytes` came that nobody had read. */
  | 'overrun'
  /** The process or the system has no file descriptor, port or buffer left. */
  | 'out-of-resources'
  /** Anything else; the `cause` has what the platform said. */
  | 'wire-failed';

/** Every code there is. */
export type ErrorCode = SendErrorCode | ProtocolErrorCode | WireErrorCode;

/**
 * How far a message had come that was not taken.
 *
 * `not-sent`: nothing of its payload went out. `refused`: the peer would not have it. `unknown`: it may have arrived, or not; a streamed body perhaps in part.
 */
export type Fate = 'not-sent' | 'refused' | 'unknown';

/** The base of every error of this library's own. */
export abstract class TinyprotoError<Code extends ErrorCode = ErrorCode> extends Error {
  /** Whose doing it is: ours or the peer's refusal (`send`), the peer's (`protocol`), the road's (`wire`). */
  abstract readonly kind: 'send' | 'protocol' | 'wire';

  constructor(
    readonly code: Code,
    message: string,
    options?: ErrorOptions,
  ) {
    super(`${message} (${code})`, options);
  }
}

/** One message was not taken: our side at run time, or the peer's refusal of it. Goes to the sender alone. */
export class SendError extends TinyprotoError<SendErrorCode> {
  override readonly name = 'SendError';
  readonly kind = 'send';
  /** How far the message had come. */
  readonly fate: Fate;

  constructor(code: SendErrorCode, message: string, options: ErrorOptions & { fate: Fate }) {
    super(code, message, options);
    this.fate = options.fate;
  }
}

/** The peer broke the protocol. Ends `messages$`; the wire is destroyed. */
export class ProtocolError extends TinyprotoError<ProtocolErrorCode> {
  override readonly name = 'ProtocolError';
  readonly kind = 'protocol';
  /** The bytes of the message, where one was complete but not decodable. */
  readonly bytes?: Uint8Array;

  constructor(code: ProtocolErrorCode, message: string, options?: ErrorOptions & { bytes?: Uint8Array }) {
    super(code, message, options);
    if (options?.bytes) this.bytes = options.bytes;
  }
}

/** The road failed. Comes from `connect`, `listen`, or ends `messages$`. */
export class WireError extends TinyprotoError<WireErrorCode> {
  override readonly name = 'WireError';
  readonly kind = 'wire';
}

/**
 * An operator was to hold a message, but an asynchronous hop above it (`delay`, a plain `concatMap`) had ended the delivery: nothing
 * would hold the peer. The programmer's doing, so a `TypeError`. From `consume` and `hold` only under `strict`; from a `body$` always.
 */
export class HoldLostError extends TypeError {
  override readonly name = 'HoldLostError';
  readonly code = 'hold-lost';
}

/** More values wait in a `paced` than it may keep: its source does not heed the valve. The programmer's doing, so a `RangeError`. */
export class PacedOverflowError extends RangeError {
  override readonly name = 'PacedOverflowError';
  readonly code = 'paced-overflow';
}

/** A value that came is not what the schema of `json(schema)` wants. The `cause` of a `not-decodable`. */
export class SchemaError extends TypeError {
  override readonly name = 'SchemaError';

  constructor(readonly issues: readonly { readonly message: string }[]) {
    super(issues.map((issue) => issue.message).join('; '));
  }
}

/** A schema answers with a promise, and codecs are synchronous. The programmer's doing, so it ends `messages$` as the `TypeError` it is. */
export class AsyncSchemaError extends TypeError {
  override readonly name = 'AsyncSchemaError';
  readonly code = 'async-schema';
}
