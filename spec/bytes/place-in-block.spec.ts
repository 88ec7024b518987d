import { describe, expect, it } from 'vitest';
import { placeInBlock } from '../../src/bytes/place-in-block.js';

describe('placeInBlock', () => {
  it('gives as many bytes as were asked for', () => {
    for (const bytes of [0, 1, 64, 65, 2_048, 2_049, 8_192, 8_193, 100_000])
      expect(placeInBlock(bytes)).toHaveLength(bytes);
  });

  it('gives no byte out twice, also where a block ends', () => {
    const places = Array.from({ length: 300 }, (_, at) => placeInBlock(65 + at).fill(at));
    places.forEach((place, at) => {
      expect(place.every((byte) => byte === at % 256)).toBe(true);
    });
  });

  it('gives small places that share a block, and a large one memory of its own', () => {
    expect(placeInBlock(100).buffer.byteLength).toBe(8_192);
    expect(placeInBlock(5_000).buffer.byteLength).toBe(5_000);
  });
});
