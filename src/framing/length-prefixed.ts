import type { ByteQueue } from '../bytes/byte-queue.js';
import { readUint, writeUint } from '../bytes/uint.js';
import type { Frame } from '../outbox/frame.js';
import { malformed, notEncodable, tooLarge } from './faults.js';
import type { Framing, Prefix } from './framing.js';
import { Heads } from './heads.js';
import { type LengthLayout, type LengthPrefixedOptions, lengthLayout } from './length-layout.js';
import { oneWay, sizesAhead } from './one-way.js';
import { PacedDecoder } from './paced-decoder.js';
import { QueueDecoder } from './queue-decoder.js';

export type { LengthPrefixedOptions } from './length-layout.js';

/**
 * Carries messages that each follow their own length.
 *
 *     lengthPrefixed()
 *     bytes     | 00 00 00 02 | 68 69 |              size: 4 bytes, big-endian
 *     message                 | 68 69 |
 *
 *     lengthPrefixed({ size: 2, adjust: -2 })        the length counts its own field
 *     bytes     | 00 04 | 68 69 |
 *     message           | 68 69 |
 *
 *     lengthPrefixed({ offset: 1, size: 2, strip: 0 })
 *     bytes     | 2a | 00 02 | 68 69 |
 *     message   | 2a | 00 02 | 68 69 |               `send` expects them, too, and fills the length in: | 2a | .. .. | 68 69 |
 *
 * A length that makes a message of more than `maxMessageBytes` (default 8 MiB) fails with `message-too-large` as soon as the length is known, before any of
 * the body is stored; so does every length above 2^53 - 1. One that makes a frame shorter than its own header is `malformed`. Bytes that end inside a
 * frame are `cut-short`. Each ends the connection.
 *
 * A message to send that is too large, or too short to hold its own header, is a `SendError`. Either direction can end alone.
 *
 * @throws RangeError for options that cannot work in both directions.
 *
 * Source: the options of tokio's `LengthDelimitedCodec` and Netty's `LengthFieldBasedFrameDecoder`; docs/framings/length-prefixed.md has the table.
 *
 * @example
 * ```ts
 * import { connect, converse, lengthPrefixed, text } from 'rx-tinyproto';
 *
 * connect(9123, { framing: lengthPrefixed({ size: 2 }), codec: text() })
 *   .pipe(converse((conn) => conn.send('hello')))
 *   .subscribe({ error: console.error });
 * ```
 */
export function lengthPrefixed(options: LengthPrefixedOptions = {}): Framing {
  const layout = lengthLayout(options);
  const heads = new Heads((size) => headOf(size, layout));
  const isApart = layout.strip >= layout.head;
  return oneWay({
    name: 'length-prefixed',
    maxMessageBytes: layout.maxMessageBytes,
    encode: isApart
      ? (message) => ({ head: heads.of(message.length), body: message, tail: NONE })
      : (message) => filledIn(message, layout),
    open: (port) => new PacedDecoder(new LengthDecoder(layout), port),
    // Where the length is part of the message, it would have to be filled in inside the body.
    ...(isApart && {
      streams: sizesAhead(
        layout.maxMessageBytes,
        (size) => heads.of(size),
        (bytes) => prefixOf(bytes, layout),
      ),
    }),
  });
}

function headOf(size: number, layout: LengthLayout): Uint8Array {
  const { offset, head, adjust, strip, header, littleEndian } = layout;
  const length = strip + size - head - adjust;
  if (length < 0) throw notEncodable(`no length says the size of a message of ${size} bytes`);
  const start = header.slice();
  writeUint(start, offset, layout.size, littleEndian, length);
  return start;
}

function prefixOf(bytes: ByteQueue, layout: LengthLayout): Prefix | undefined {
  const { head, strip } = layout;
  return bytes.length < head ? undefined : { bytes: strip, size: frameBytes(bytes, layout) - strip };
}

/** The head of a message that brings some of it, or all, with it: the length is a place to be filled. */
function filledIn(message: Uint8Array, layout: LengthLayout): Frame {
  const { size, offset, head, adjust, strip, header, littleEndian } = layout;
  const kept = head - strip;
  const length = message.length - kept - adjust;
  if (message.length < kept || length < 0) {
    throw notEncodable(`a message of ${message.length} bytes is too short to hold its own header`);
  }
  const start = new Uint8Array(head);
  start.set(header);
  start.set(message.subarray(0, kept), strip);
  writeUint(start, offset, size, littleEndian, length);
  return { head: start, body: message.subarray(kept), tail: NONE };
}

const NONE = new Uint8Array(0);

class LengthDecoder extends QueueDecoder {
  readonly #layout: LengthLayout;
  /** The size of the whole frame at the head of the queue, 0 while it is not known. */
  #frame = 0;

  constructor(layout: LengthLayout) {
    super();
    this.#layout = layout;
  }

  read(): Uint8Array | undefined {
    const { head, strip } = this.#layout;
    if (this.#frame === 0 && this.bytes.length >= head) this.#frame = frameBytes(this.bytes, this.#layout);
    if (this.#frame === 0) return undefined;
    if (this.bytes.length < this.#frame) {
      this.bytes.gather(this.#frame);
      return undefined;
    }
    const size = this.#frame - strip;
    this.#frame = 0;
    this.bytes.skip(strip);
    return this.bytes.take(size);
  }
}

function frameBytes(bytes: ByteQueue, layout: LengthLayout): number {
  const { offset, size, littleEndian, head, adjust, strip, maxMessageBytes } = layout;
  const length =
    size === 4 && !littleEndian ? bytes.peekUint32(offset) : readUint(bytes, offset, size, littleEndian);
  if (length > Number.MAX_SAFE_INTEGER) throw tooLarge(maxMessageBytes);
  const frame = head + length + adjust;
  if (frame < head || frame < strip) throw malformed(`a length of ${length} is less than its own header`);
  // Not `frame - strip`: near 2^53, `frame` is no longer exact.
  if (length + (head + adjust - strip) > maxMessageBytes) throw tooLarge(maxMessageBytes);
  return frame;
}
