import fc from 'fast-check';
import { hex } from 'rx-tinyproto/testing';
import { describe, expect, it } from 'vitest';
import { ByteQueue } from '../../src/bytes/byte-queue.js';
import { encodeVarint, readVarint, varintSize } from '../../src/bytes/varint.js';

const read = (bytes: Uint8Array, most = Number.POSITIVE_INFINITY) => {
  const queue = new ByteQueue();
  for (const byte of bytes) queue.push(Uint8Array.of(byte));
  return readVarint(queue, most);
};

describe('a varint', () => {
  it.each([
    [1, hex`01`],
    [127, hex`7f`],
    [128, hex`80 01`],
    [255, hex`ff 01`],
    [300, hex`ac 02`],
    [16_384, hex`80 80 01`],
    [0, hex`00`],
    [2 ** 31, hex`80 80 80 80 08`],
    [2 ** 32, hex`80 80 80 80 10`],
    [2 ** 53 - 1, hex`ff ff ff ff ff ff ff 0f`],
  ])('of %i is as the specification has it', (value, bytes) => {
    expect(encodeVarint(value)).toEqual(bytes);
    expect(read(bytes)).toBe(value);
    expect(varintSize(value)).toBe(bytes.length);
  });

  it('comes out as it went in', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        expect(read(encodeVarint(value))).toBe(value);
      }),
    );
  });

  it('is left where it is', () => {
    const queue = new ByteQueue();
    queue.push(hex`ac 02 61`);
    expect(readVarint(queue, 1_000)).toBe(300);
    expect(queue.length).toBe(3);
  });

  it.each([
    ['nothing', hex``, 'missing'],
    ['half of it', hex`ac`, 'missing'],
    ['a zero that goes on', hex`80 00`, 'malformed'],
    ['more zeros than it needs', hex`81 80 00`, 'malformed'],
    ['nine bytes that go on', hex`80 80 80 80 80 80 80 80 80`, 'malformed'],
    ['2^53', hex`80 80 80 80 80 80 80 10`, 'too-large'],
    ['2^63 - 1', hex`ff ff ff ff ff ff ff ff 7f`, 'too-large'],
    ['2^56, in nine bytes', hex`80 80 80 80 80 80 80 80 01`, 'too-large'],
  ])('of %s is no number', (_, bytes, why) => {
    expect(read(bytes)).toBe(why);
  });

  it('is too large as soon as its bytes so far are', () => {
    expect(read(hex`ac 02`, 300)).toBe(300);
    expect(read(hex`ad 02`, 300)).toBe('too-large');
    expect(read(hex`ff 82`, 300)).toBe('too-large');
    expect(read(hex`80 82`, 300)).toBe('missing');
  });
});
