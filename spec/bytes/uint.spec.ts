import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteQueue } from '../../src/bytes/byte-queue.js';
import { largestUint, readUint, writeUint } from '../../src/bytes/uint.js';

const sizes = [1, 2, 3, 4, 5, 6, 7, 8];

const queueOf = (bytes: Uint8Array): ByteQueue => {
  const queue = new ByteQueue();
  for (const byte of bytes) queue.push(Uint8Array.of(byte));
  return queue;
};

const exact = (bytes: Uint8Array, littleEndian: boolean): bigint =>
  [...(littleEndian ? bytes : bytes.slice().reverse())].reduceRight(
    (value, byte) => value * 256n + BigInt(byte),
    0n,
  );

describe('readUint', () => {
  it('reads both byte orders, at an offset, across chunks', () => {
    const queue = queueOf(Uint8Array.of(9, 1, 2, 3));
    expect(readUint(queue, 1, 3, false)).toBe(0x010203);
    expect(readUint(queue, 1, 3, true)).toBe(0x030201);
    expect(queue.length).toBe(4);
  });

  it.each([false, true])(
    'is exact up to 2^53 - 1, and never below 2^53 for more (little-endian: %s)',
    (little) => {
      fc.assert(
        fc.property(fc.uint8Array({ minLength: 1, maxLength: 8 }), (bytes) => {
          const read = readUint(queueOf(bytes), 0, bytes.length, little);
          const value = exact(bytes, little);
          if (value <= BigInt(Number.MAX_SAFE_INTEGER)) expect(BigInt(read)).toBe(value);
          else expect(read).toBeGreaterThanOrEqual(2 ** 53);
        }),
      );
      const above = Uint8Array.of(0, 0x20, 0, 0, 0, 0, 0, 1);
      expect(readUint(queueOf(little ? above.reverse() : above), 0, 8, little)).toBeGreaterThanOrEqual(
        2 ** 53,
      );
    },
  );
});

describe('writeUint', () => {
  it.each(sizes)('writes what %i bytes are read as', (size) => {
    const values = [0, 1, 255, 256, 65_535, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, largestUint(size)];
    for (const value of values.filter((one) => one <= largestUint(size))) {
      for (const littleEndian of [false, true]) {
        const bytes = new Uint8Array(size + 2);
        writeUint(bytes, 1, size, littleEndian, value);
        expect(readUint(queueOf(bytes), 1, size, littleEndian)).toBe(value);
        expect([bytes[0], bytes[size + 1]]).toEqual([0, 0]);
      }
    }
  });
});

describe('largestUint', () => {
  it('is what so many bytes hold, as far as a number is exact', () => {
    expect(sizes.map(largestUint)).toEqual([
      0xff,
      0xffff,
      0xffffff,
      0xffffffff,
      2 ** 40 - 1,
      2 ** 48 - 1,
      2 ** 53 - 1,
      2 ** 53 - 1,
    ]);
  });
});
