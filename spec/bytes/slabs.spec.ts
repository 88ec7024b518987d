import { describe, expect, it } from 'vitest';
import { put } from '../../src/bytes/joined.js';
import { type Slab, slabBytes, takeSlab } from '../../src/bytes/slabs.js';

/** As many slabs as there are to be had, and none of them twice. */
function takeAll(): Slab[] {
  const taken = new Set<Slab>();
  for (let slab = takeSlab(); slab && taken.size < 100; slab = takeSlab()) {
    expect(taken.has(slab)).toBe(false);
    expect(slab.bytes.length).toBe(slabBytes);
    taken.add(slab);
  }
  return [...taken];
}

describe('slabs', () => {
  it('are 64 at most, are used again, and at most 16 of them are kept', () => {
    const first = takeAll();
    expect(first.length).toBeGreaterThan(16);
    expect(first.length).toBeLessThanOrEqual(64);
    for (const slab of first) slab.giveBack();
    const again = takeAll();
    expect(again.length).toBe(first.length);
    expect(again.filter((slab) => first.includes(slab)).length).toBe(16);
    for (const slab of again) slab.giveBack();
  });
});

describe('put', () => {
  it('copies pieces of any size to their place, and nothing else', () => {
    for (const size of [0, 1, 16, 17, 300]) {
      const piece = Uint8Array.from({ length: size }, (_, index) => index + 1);
      const into = new Uint8Array(size + 4).fill(9);
      put(piece, into, 3);
      expect(into).toEqual(Uint8Array.of(9, 9, 9, ...piece, 9));
    }
  });
});
