import type { ByteQueue } from './byte-queue.js';

/** The largest whole number that `size` bytes hold and a JavaScript number is exact for. */
export function largestUint(size: number): number {
  return Math.min(2 ** (8 * size) - 1, Number.MAX_SAFE_INTEGER);
}

/**
 * The `size` bytes at `offset` of a queue, which must be there, as one number.
 *
 *     01 02 03    big-endian 0x010203    little-endian 0x030201
 *
 * Exact up to 2^53 - 1. What is larger is rounded, but never below 2^53: so a check against a limit is right for every value.
 */
export function readUint(bytes: ByteQueue, offset: number, size: number, littleEndian: boolean): number {
  let value = 0;
  for (let at = 0; at < size; at += 1) {
    value = value * 256 + bytes.peek(offset + (littleEndian ? size - 1 - at : at));
  }
  return value;
}

/** Writes a number, at most `largestUint(size)`, into the `size` bytes at `offset`. */
export function writeUint(
  target: Uint8Array,
  offset: number,
  size: number,
  littleEndian: boolean,
  value: number,
): void {
  let rest = value;
  for (let at = 0; at < size; at += 1) {
    target[offset + (littleEndian ? at : size - 1 - at)] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}
