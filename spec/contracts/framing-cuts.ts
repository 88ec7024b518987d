import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Framing } from '../../src/framing/framing.js';
import { anyCut, partitions, whole } from '../helpers/cuts.js';
import { decoded, decodedLate, frameOf, hexOf, streamOf } from '../helpers/decoded.js';
import type { FramingSamples } from './framing.js';

/** Any bytes in any cut; the exported contract has the cuts that can be counted. */
export function cutsContract(make: () => Framing, samples: FramingSamples): void {
  const { messages, anyMessage, halfIsWhole } = samples;

  it('decodes what it encodes, for any messages', () => {
    fc.assert(
      fc.property(fc.array(anyMessage, { maxLength: 12 }), (some) => {
        const frames = some.map((message) => frameOf(make(), message));
        expect(decoded(make(), frames)).toEqual({ messages: some.map(hexOf), end: '|' });
      }),
    );
  });

  if (halfIsWhole) return;

  describe('however the bytes are cut', () => {
    it('decodes every partition of a short stream', () => {
      const short = streamOf(make(), messages.slice(0, 2)).subarray(0, 12);
      const framing = make();
      const expected = decoded(framing, whole(short), false);
      for (const chunks of partitions(short)) expect(decoded(framing, chunks, false)).toEqual(expected);
    });

    it('decodes any messages, in any cut, be they read at once or late', () => {
      fc.assert(
        fc.property(
          fc.array(anyMessage, { maxLength: 12 }),
          anyCut,
          fc.integer({ min: 1, max: 9 }),
          (some, cut, late) => {
            const chunks = cut(streamOf(make(), some));
            const expected = { messages: some.map(hexOf), end: '|' };
            expect(decoded(make(), chunks)).toEqual(expected);
            expect(decodedLate(make(), chunks, late)).toEqual(expected);
          },
        ),
      );
    });
  });
}
