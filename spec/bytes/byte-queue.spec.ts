import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteQueue } from '../../src/bytes/byte-queue.js';
import { bytesCopiedBy } from '../helpers/bytes-copied.js';

const KIB = 1024;
const MIB = 1024 * KIB;

function queueOf(...chunks: readonly (readonly number[])[]): ByteQueue {
  const queue = new ByteQueue();
  for (const chunk of chunks) queue.push(Uint8Array.from(chunk));
  return queue;
}

describe('ByteQueue', () => {
  it('gives back what was pushed, in order, however it was cut', () => {
    const queue = queueOf([1, 2, 3], [4], [], [5, 6]);
    expect(queue.length).toBe(6);
    expect([...queue.take(5)]).toEqual([1, 2, 3, 4, 5]);
    expect([...queue.takeAll()]).toEqual([6]);
    expect(queue.length).toBe(0);
  });

  it('takes pieces as they lie, no larger than asked, until there are none', () => {
    const queue = queueOf([1, 2, 3], [4]);
    expect([2, 9, 9, 9].map((most) => [...queue.takePiece(most)])).toEqual([[1, 2], [3], [4], []]);
  });

  it('takes as a view what lies behind each other in memory, in however many chunks it came', () => {
    const place = new Uint8Array(5_000).map((_, at) => at % 251);
    const queue = new ByteQueue();
    for (const [start, end] of [
      [0, 10],
      [10, 2_000],
      [2_000, 5_000],
    ] as const)
      queue.push(place.subarray(start, end));
    queue.skip(5);
    const taken = queue.take(4_000);
    expect(taken.buffer).toBe(place.buffer);
    expect(taken).toEqual(place.slice(5, 4_005));
    queue.push(place.subarray(1_000, 3_000));
    expect([...queue.takeAll()]).toEqual([...place.subarray(4_005), ...place.subarray(1_000, 3_000)]);
  });

  it('shows a byte without taking it', () => {
    const queue = queueOf([1, 2], [3]);
    expect([0, 1, 2].map((offset) => queue.peek(offset))).toEqual([1, 2, 3]);
    expect(queue.length).toBe(3);
  });

  it('takes four bytes as a number above 2³¹', () => {
    expect(queueOf([0xf0], [0xff, 0xff], [0xff]).uint32()).toBe(0xf0ffffff);
  });

  it('throws for bytes that are not there, and keeps those that are', () => {
    const queue = queueOf([1, 2, 3]);
    expect(() => queue.take(4)).toThrow(RangeError);
    expect(() => queue.skip(4)).toThrow(RangeError);
    expect(() => queue.peek(3)).toThrow(RangeError);
    expect(() => queue.uint32()).toThrow(RangeError);
    expect([...queue.takeAll()]).toEqual([1, 2, 3]);
  });

  it('takes a view, not a copy, of bytes that lie in one chunk', () => {
    const chunk = Uint8Array.of(1, 2, 3, 4);
    const queue = new ByteQueue();
    queue.push(chunk);
    queue.skip(1);
    expect(queue.take(2).buffer).toBe(chunk.buffer);
  });

  it('gives plain arrays, whatever the chunks were', () => {
    const queue = new ByteQueue();
    queue.push(Buffer.from('abc'));
    expect(Buffer.isBuffer(queue.take(2))).toBe(false);
  });

  it('gives nothing for a count of nothing', () => {
    expect(new ByteQueue().takeAll()).toEqual(new Uint8Array(0));
  });

  it('agrees with a plain array on any sequence of calls', () => {
    const size = fc.oneof(fc.nat(5), fc.nat(300), fc.integer({ min: 1_000, max: 3_000 }));
    const call = fc.oneof(
      fc.record({ name: fc.constant('push' as const), size }),
      fc.record({ name: fc.constantFrom('take' as const, 'skip' as const, 'peek' as const), size }),
      fc.record({ name: fc.constantFrom('uint32' as const, 'takeAll' as const), size: fc.constant(0) }),
    );
    fc.assert(fc.property(fc.array(call, { maxLength: 60 }), agrees), { numRuns: 500 });
  });

  it('never changes what it has given', () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 200 });
    fc.assert(fc.property(cuts, fc.integer({ min: 1, max: 50 }), keepsItsGifts), { numRuns: 200 });
  });

  it('copies each byte of a large message once', () => {
    expect(bytesCopiedBy(() => fill(16 * MIB, 64 * KIB).takeAll())).toBe(16 * MIB);
  });

  it('copies each byte twice at most when they come one by one', () => {
    for (const size of [MIB, 2 * MIB]) {
      expect(bytesCopiedBy(() => fill(size, 1).takeAll())).toBeLessThanOrEqual(2 * size);
    }
  });

  it('reserves less than twice what has come, in any cut', () => {
    for (const cut of [1, 2, 63, 64, 65, 1_000, 1_023]) {
      expect(
        bytesReservedBy(() => fill(MIB, cut)),
        `${cut} bytes a chunk`,
      ).toBeLessThan(2 * MIB);
    }
  });

  it('reserves little for a small chunk between large ones', () => {
    const large = new Uint8Array(KIB);
    const small = Uint8Array.of(1);
    const push = () => {
      const queue = new ByteQueue();
      for (let i = 0; i < 1_000; i += 1) {
        queue.push(large);
        queue.push(small);
      }
      return queue;
    };
    expect(bytesReservedBy(push)).toBeLessThan(100 * KIB);
  });
});

function fill(size: number, cut: number): ByteQueue {
  const chunk = new Uint8Array(cut);
  const queue = new ByteQueue();
  for (let left = size; left > 0; left -= cut) queue.push(left < cut ? chunk.subarray(0, left) : chunk);
  return queue;
}

function bytesReservedBy(make: () => ByteQueue): number {
  const before = process.memoryUsage().arrayBuffers;
  const queue = make();
  const reserved = process.memoryUsage().arrayBuffers - before;
  expect(queue.length).toBeGreaterThan(0);
  return reserved;
}

function agrees(calls: readonly { readonly name: string; readonly size: number }[]): void {
  const queue = new ByteQueue();
  const oracle: number[] = [];
  let stamp = 0;
  const act: Record<string, (size: number) => void> = {
    push: (size) => {
      const chunk = Uint8Array.from({ length: size }, (_, at) => stamp + at);
      stamp += size;
      queue.push(chunk);
      oracle.push(...chunk);
    },
    take: (size) => {
      const count = Math.min(size, oracle.length);
      expect([...queue.take(count)]).toEqual(oracle.splice(0, count));
    },
    skip: (size) => {
      const count = Math.min(size, oracle.length);
      queue.skip(count);
      oracle.splice(0, count);
    },
    peek: (size) => {
      if (size < oracle.length) expect(queue.peek(size)).toBe(oracle[size]);
    },
    uint32: () => {
      if (oracle.length >= 4) expect(queue.uint32()).toBe(Buffer.from(oracle.splice(0, 4)).readUInt32BE());
    },
    takeAll: () => expect([...queue.takeAll()]).toEqual(oracle.splice(0)),
  };
  for (const { name, size } of calls) {
    act[name]?.(size);
    expect(queue.length).toBe(oracle.length);
  }
}

function keepsItsGifts(cuts: readonly number[], step: number): void {
  const queue = new ByteQueue();
  const gifts: { readonly bytes: Uint8Array; readonly copy: readonly number[] }[] = [];
  cuts.forEach((cut, stamp) => {
    queue.push(new Uint8Array(cut).fill(stamp));
    if (queue.length < step + 1) return;
    const bytes = queue.take(step);
    gifts.push({ bytes, copy: [...bytes] });
  });
  for (const { bytes, copy } of gifts) expect([...bytes]).toEqual(copy);
}
