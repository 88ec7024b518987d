import { describe, expect, it } from 'vitest';
import { placeFor } from '../../src/bytes/places.js';

describe('placeFor', () => {
  it('gives as many bytes as were asked for', () => {
    for (const bytes of [0, 1, 64, 65, 2_048, 2_049, 8_192, 8_193, 100_000])
      expect(placeFor(bytes)).toHaveLength(bytes);
  });

  it('gives no byte out twice, also where a block ends', () => {
    const places = Array.from({ length: 300 }, (_, at) => placeFor(65 + at).fill(at));
    places.forEach((place, at) => {
      expect(place.every((byte) => byte === at % 256)).toBe(true);
    });
  });

  it('gives small places that share a block, and a large one memory of its own', () => {
    expect(placeFor(100).buffer.byteLength).toBe(8_192);
    expect(placeFor(5_000).buffer.byteLength).toBe(5_000);
  });
});
