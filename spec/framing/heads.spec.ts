import { describe, expect, it, vi } from 'vitest';
import { Heads } from '../../src/framing/heads.js';

describe('Heads', () => {
  it('are made once for each size below 2,048 bytes, and anew for each larger message', () => {
    const make = vi.fn((size: number) => Uint8Array.of(size >>> 8, size));
    const heads = new Heads(make);
    for (const size of [0, 2_047, 2_048, 0, 2_047, 2_048])
      expect(heads.of(size)).toEqual(Uint8Array.of(size >>> 8, size));
    expect(heads.of(0)).toBe(heads.of(0));
    expect(make.mock.calls.map(([size]) => size)).toEqual([0, 2_047, 2_048, 2_048]);
  });
});
