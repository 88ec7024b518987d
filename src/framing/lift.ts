import { defer, type OperatorFunction, of } from 'rxjs';
import { joined } from '../bytes/joined.js';
import { SendError } from '../errors.js';
import { notEncodable } from './faults.js';
import type { Framing } from './framing.js';
import { LiftedDecoder } from './lifted-decoder.js';
import { DEFAULT_MAX_MESSAGE_BYTES, limit } from './limits.js';
import { oneWay } from './one-way.js';
import { PacedDecoder } from './paced-decoder.js';

/** Options of {@link framing}. */
export interface FramingOptions {
  /** What the framing is called in errors. Default `'framing'`. */
  readonly name?: string;
  /** Largest message in bytes, sent or received. Default 8 MiB. */
  readonly maxMessageBytes?: number;
  /**
   * How many bytes `decode` may take without a message, before the connection fails with `message-too-large`: what it stores is its own business, and this
   * bounds it. Default `maxMessageBytes` and 64 KiB for whatever is around a message.
   */
  readonly maxSilentBytes?: number;
}

type Operator = OperatorFunction<Uint8Array, Uint8Array>;

/**
 * Makes a framing of two operators: one that turns chunks, cut anywhere, into messages, and one that turns messages into their frames.
 *
 *     chunks     --(ab)--c-----(de)--|
 *     decode     ------- m -----(n)--|      m = abc, n = de: emitted inside the chunk that completes it
 *     encode     m ─▶ frame                 one message, one frame, at once
 *
 * `decode` is subscribed once for each connection, so what it remembers is remembered there; it is given the next chunk when its messages so far are read. When
 * the bytes end its source completes, and it completes, or fails because they were cut. `encode` is subscribed once for each message, with that one message: it
 * remembers nothing, so that a frame may go to many connections. What it emits until it completes is the frame.
 *
 * Both must do so at once. An error of `decode` ends the connection: a `ProtocolError` as it is, any other as the `cause` of a `malformed`, and so a `decode`
 * that emits later, completes early or emits no `Uint8Array`. An error of `encode` is a `SendError` to the sender, `not-encodable` unless it is one itself, and
 * so an `encode` that emits nothing, or later.
 *
 * A message above `maxMessageBytes` (default 8 MiB) is `message-too-large` in either direction, and so are `maxSilentBytes` without a message.
 * What `decode` has taken cannot be given back, so a connection cannot change from this framing to another once bytes have come.
 *
 * @example
 * ```ts
 * import { connect, converse, decode, encode, framing, lines } from 'rx-tinyproto';
 * import { map, pipe } from 'rxjs';
 *
 * const flip = map((bytes: Uint8Array) => bytes.map((byte) => byte ^ 0x20));
 * const shouted = framing(pipe(decode(lines()), flip), pipe(flip, encode(lines())));
 *
 * connect(9123, { framing: shouted })
 *   .pipe(converse((conn) => conn.messages$))
 *   .subscribe({ next: console.log, error: console.error });
 * ```
 */
export function framing(
  decode: Operator,
  encode: Operator,
  {
    name = 'framing',
    maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES,
    maxSilentBytes = maxMessageBytes + 65_536,
  }: FramingOptions = {},
): Framing {
  if (typeof decode !== 'function' || typeof encode !== 'function') {
    throw new TypeError('framing takes two operators: one that decodes, and one that encodes');
  }
  limit('maxMessageBytes', maxMessageBytes);
  limit('maxSilentBytes', maxSilentBytes);
  return oneWay({
    name,
    maxMessageBytes,
    encode: (message) => ({ head: NONE, body: frameBy(encode, message), tail: NONE }),
    open(port) {
      const limits = { maxMessageBytes, maxSilentBytes };
      return new PacedDecoder(new LiftedDecoder(decode, limits, () => port.turn()), port);
    },
  });
}

const NONE = new Uint8Array(0);

/** One message through the operator, as its frame. */
function frameBy(encode: Operator, message: Uint8Array): Uint8Array {
  const pieces: Uint8Array[] = [];
  let failure: { readonly cause: unknown } | undefined;
  let complete = false;
  defer(() => of(message).pipe(encode))
    .subscribe({
      next: (piece) => pieces.push(piece),
      error: (cause) => {
        failure = { cause };
      },
      complete: () => {
        complete = true;
      },
    })
    .unsubscribe();
  if (failure?.cause instanceof SendError) throw failure.cause;
  if (failure) throw notEncodable('the encoding operator failed', failure.cause);
  if (!complete) throw notEncodable('the encoding operator has not completed inside the call');
  if (!pieces.every((piece) => piece instanceof Uint8Array)) {
    throw notEncodable('the encoding operator emitted something else than a Uint8Array');
  }
  const frame = joined(pieces);
  if (frame.length === 0) throw notEncodable('the encoding operator emitted no bytes');
  return frame;
}
