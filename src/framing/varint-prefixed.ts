import type { ByteQueue } from '../bytes/byte-queue.js';
import { encodeVarint, readVarint, varintSize } from '../bytes/varint.js';
import { malformed, tooLarge } from './faults.js';
import type { Framing, Prefix } from './framing.js';
import { Heads } from './heads.js';
import { DEFAULT_MAX_MESSAGE_BYTES, limit } from './limits.js';
import { oneWay, sizesAhead } from './one-way.js';
import { PacedDecoder } from './paced-decoder.js';
import { QueueDecoder } from './queue-decoder.js';

/** Options of {@link varintPrefixed}. */
export interface VarintPrefixedOptions {
  /** Largest message in bytes, sent or received. Default 8 MiB. */
  readonly maxMessageBytes?: number;
}

/**
 * Carries messages that each follow their own size, a varint: as protobuf's delimited streams and libp2p have it.
 *
 *     bytes     | ac 02 | 300 bytes |      size: unsigned LEB128, 7 bits a byte, the lowest first
 *     message           | 300 bytes |
 *
 * A size above `maxMessageBytes` (default 8 MiB) fails with `message-too-large` as soon as the bytes of the size that have come are above it. A size of more than
 * 9 bytes, or of more than it needs (`80 00` for 0), is `malformed`. Bytes that end inside a size or a message are `cut-short`. Each ends the
 * connection. A message of ours above the limit is a `SendError`. Either direction can end alone.
 *
 * Source: https://protobuf.dev/programming-guides/encoding and https://github.com/multiformats/unsigned-varint, which forbids sizes longer than they need be;
 * no writer of protobuf's makes such.
 *
 * @example
 * ```ts
 * import { connect, converse, varintPrefixed } from 'rx-tinyproto';
 *
 * connect(4001, { framing: varintPrefixed({ maxMessageBytes: 4 << 20 }) })
 *   .pipe(converse((conn) => conn.messages$))
 *   .subscribe({ next: console.log, error: console.error });
 * ```
 */
export function varintPrefixed({
  maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES,
}: VarintPrefixedOptions = {}): Framing {
  limit('maxMessageBytes', maxMessageBytes);
  const heads = new Heads(encodeVarint);
  return oneWay({
    name: 'varint-prefixed',
    maxMessageBytes,
    encode: (message) => ({ head: heads.of(message.length), body: message, tail: NONE }),
    open: (port) => new PacedDecoder(new VarintDecoder(maxMessageBytes), port),
    streams: sizesAhead(
      maxMessageBytes,
      (size) => heads.of(size),
      (bytes) => prefixOf(bytes, maxMessageBytes),
    ),
  });
}

function prefixOf(bytes: ByteQueue, most: number): Prefix | undefined {
  const size = readSize(bytes, most);
  return size === undefined ? undefined : { bytes: varintSize(size), size };
}

function readSize(bytes: ByteQueue, most: number): number | undefined {
  const size = readVarint(bytes, most);
  if (size === 'missing') return undefined;
  if (size === 'too-large') throw tooLarge(most);
  if (size === 'malformed') throw malformed('a size is longer than it needs to be, or than 9 bytes');
  return size;
}

const NONE = new Uint8Array(0);
const UNKNOWN = -1;

class VarintDecoder extends QueueDecoder {
  /** The size of the message at the head of the queue, once it is read off. */
  #size = UNKNOWN;

  constructor(private readonly maxMessageBytes: number) {
    super();
  }

  read(): Uint8Array | undefined {
    if (this.#size === UNKNOWN && !this.#readSize()) return undefined;
    const prefix = varintSize(this.#size);
    const whole = prefix + this.#size;
    if (this.bytes.length < whole) {
      this.bytes.gather(whole);
      return undefined;
    }
    const size = this.#size;
    this.#size = UNKNOWN;
    this.bytes.skip(prefix);
    return this.bytes.take(size);
  }

  #readSize(): boolean {
    const size = readSize(this.bytes, this.maxMessageBytes);
    if (size === undefined) return false;
    this.#size = size;
    return true;
  }
}
