import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteQueue } from '../../src/bytes/byte-queue.js';

const KiB = 1_024;
const numbered = (size: number, from = 0) => Uint8Array.from({ length: size }, (_, at) => (from + at) % 251);

/** A message and what follows it, pushed in chunks of these sizes, again and again. */
function pushed(size: number, sizes: readonly number[], behind: number) {
  const all = numbered(size + behind);
  const queue = new ByteQueue();
  for (let at = 0, chunk = 0; at < all.length; chunk++) {
    const next = at + (sizes[chunk % sizes.length] as number);
    queue.push(all.slice(at, next));
    at = next;
    if (queue.length < size) queue.gather(size);
  }
  return { all, queue };
}

describe('ByteQueue.gather', () => {
  it('changes nothing of what is taken, however it was cut', () => {
    const sizes = fc.array(
      fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1_000, max: 70_000 })),
      {
        minLength: 1,
        maxLength: 8,
      },
    );
    fc.assert(
      fc.property(fc.integer({ min: 65 * KiB, max: 130 * KiB }), sizes, (size, cuts) => {
        const { all, queue } = pushed(size, cuts, 3_000);
        expect(Buffer.compare(queue.take(size), all.subarray(0, size))).toBe(0);
        expect(Buffer.compare(queue.takeAll(), all.subarray(size))).toBe(0);
      }),
      { numRuns: 40 },
    );
  });

  it('makes one place for a large message, from which it is taken as it lies', () => {
    const { queue } = pushed(100 * KiB, [100], 0);
    const message = queue.take(100 * KiB);
    expect(message.buffer.byteLength).toBe(100 * KiB);
    expect(queue.length).toBe(0);
  });

  it('makes none before half of it is here', () => {
    const queue = new ByteQueue();
    for (let count = 0; count < 49; count++) queue.push(new Uint8Array(KiB));
    queue.gather(100 * KiB);
    expect(queue.takePiece(100 * KiB)).toHaveLength(KiB);
  });

  it('makes none for what lies in one piece, and none for small messages', () => {
    const whole = new Uint8Array(60 * KiB);
    const queue = new ByteQueue();
    queue.push(whole);
    queue.gather(100 * KiB);
    expect(queue.take(60 * KiB).buffer).toBe(whole.buffer);
    const { queue: small } = pushed(50 * KiB, [2 * KiB], 0);
    expect(small.takePiece(50 * KiB)).toHaveLength(2 * KiB);
  });

  it('leaves what was given away before as it was', () => {
    const queue = new ByteQueue();
    for (let count = 0; count < 40; count++) queue.push(numbered(KiB, count));
    const taken = queue.take(KiB);
    queue.gather(70 * KiB);
    for (let count = 0; count < 31; count++) queue.push(new Uint8Array(KiB).fill(255));
    expect(Buffer.compare(taken, numbered(KiB))).toBe(0);
    expect(queue.take(70 * KiB)).toHaveLength(70 * KiB);
  });
});
