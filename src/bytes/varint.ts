import type { ByteQueue } from './byte-queue.js';

/** As many bytes as the unsigned-varint specification allows: 63 bits. */
const LONGEST = 9;

/** How many bytes a number takes as a varint. */
export function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size += 1;
  return size;
}

/**
 * A whole number up to 2^53 - 1 as an unsigned LEB128, in as few bytes as it can be: seven bits a byte, the lowest first, and the high bit set on all but the last.
 *
 *     300  | ac 02 |      0b10_0101100
 */
export function encodeVarint(value: number): Uint8Array {
  const bytes = new Uint8Array(varintSize(value));
  let rest = value;
  for (let at = 0; at < bytes.length; at += 1) {
    bytes[at] = (rest % 128) + (at < bytes.length - 1 ? 128 : 0);
    rest = Math.floor(rest / 128);
  }
  return bytes;
}

/**
 * The varint at the head of a queue, which is left there; it is `varintSize` of the value long.
 *
 * `missing` if its last byte has not come. `too-large` as soon as the bytes so far are above `most`. `malformed` if it is not as short as it can be
 * or longer than 9 bytes, both of which https://github.com/multiformats/unsigned-varint demands.
 */
export function readVarint(bytes: ByteQueue, most: number): number | 'missing' | 'too-large' | 'malformed' {
  const limit = Math.min(most, Number.MAX_SAFE_INTEGER);
  let value = 0;
  for (let at = 0; at < LONGEST; at += 1) {
    if (at === bytes.length) return 'missing';
    const byte = bytes.peek(at);
    value += (byte & 127) * 128 ** at;
    if (value > limit) return 'too-large';
    if (byte < 128) return byte === 0 && at > 0 ? 'malformed' : value;
  }
  return 'malformed';
}
