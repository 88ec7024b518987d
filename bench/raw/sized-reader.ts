import type { Got } from '../peer.js';
import type { Chunk } from './tuned-sockets.js';

/**
 * The tuned way to receive messages that follow their size: a chunk is copied out of the shared buffer once, and messages are slices of the copy.
 * What is left at its end is small and goes before the next chunk, or belongs to a large message, whose parts are joined when it is whole.
 */
export function sizedReader(got: Got): Chunk {
  let rest: Buffer | undefined;
  let parts: Buffer[] = [];
  let missing = 0;

  /** Takes what belongs to the large message under way; returns where the next one begins. */
  function fill(chunk: Buffer): number {
    const taken = Math.min(missing, chunk.length);
    parts.push(chunk.subarray(0, taken));
    missing -= taken;
    if (missing > 0) return chunk.length;
    const whole = Buffer.concat(parts);
    parts = [];
    got(whole);
    return taken;
  }

  return (length, shared) => {
    const before = rest?.length ?? 0;
    const chunk = Buffer.allocUnsafe(before + length);
    if (rest) chunk.set(rest);
    shared.copy(chunk, before, 0, length);
    rest = undefined;
    const end = chunk.length;
    let at = missing > 0 ? fill(chunk) : 0;
    while (end - at >= 4) {
      const size =
        ((chunk[at] as number) << 24) |
        ((chunk[at + 1] as number) << 16) |
        ((chunk[at + 2] as number) << 8) |
        (chunk[at + 3] as number);
      if (end - at - 4 < size) {
        if (size < 16_384) break;
        parts.push(chunk.subarray(at + 4));
        missing = size - (end - at - 4);
        at = end;
        break;
      }
      got(chunk.subarray(at + 4, at + 4 + size));
      at += 4 + size;
    }
    if (at < end) rest = chunk.subarray(at);
  };
}
