import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Framing } from '../../src/framing/framing.js';
import { anyCut, byteByByte, inTwo, partitions, whole } from '../helpers/cuts.js';
import { decoded, frameOf, hexOf, streamOf } from '../helpers/decoded.js';
import type { FramingSamples } from './framing.js';

/** The bytes cut in every way, and ended in every place. */
export function cutsContract(make: () => Framing, samples: FramingSamples): void {
  const { messages, anyMessage, halfIsWhole } = samples;
  const stream = streamOf(make(), messages);
  const all = { messages: messages.map(hexOf), end: '|' };

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
    it('decodes them in one chunk', () => {
      expect(decoded(make(), whole(stream))).toEqual(all);
    });

    it('decodes them byte by byte', () => {
      expect(decoded(make(), byteByByte(stream))).toEqual(all);
    });

    it('decodes them in two chunks, cut at every place', () => {
      for (let at = 0; at <= stream.length; at += 1) expect(decoded(make(), inTwo(at)(stream))).toEqual(all);
    });

    it('decodes them with chunks of no bytes between', () => {
      const sparse = byteByByte(stream).flatMap((chunk) => [new Uint8Array(0), chunk]);
      expect(decoded(make(), sparse)).toEqual(all);
    });

    it('decodes every partition of a short stream', () => {
      const short = streamOf(make(), messages.slice(0, 2)).subarray(0, 12);
      const framing = make();
      const expected = decoded(framing, whole(short), false);
      for (const chunks of partitions(short)) expect(decoded(framing, chunks, false)).toEqual(expected);
    });

    it('decodes any messages, in any cut', () => {
      fc.assert(
        fc.property(fc.array(anyMessage, { maxLength: 12 }), anyCut, (some, cut) => {
          const chunks = cut(streamOf(make(), some));
          expect(decoded(make(), chunks)).toEqual({ messages: some.map(hexOf), end: '|' });
        }),
      );
    });
  });

  describe('where the bytes end', () => {
    const ends = messages.map((_, index) => streamOf(make(), messages.slice(0, index)).length);

    it('is cut-short inside a message, be it in its head or its body, behind those that are whole', () => {
      for (let length = 0; length < stream.length; length += 1) {
        const complete = ends.filter((end) => end <= length).length - 1;
        const end = ends.includes(length) ? '|' : 'cut-short';
        for (const cut of [whole, byteByByte]) {
          const found = decoded(make(), cut(stream.subarray(0, length)));
          expect(found).toEqual({ messages: all.messages.slice(0, complete), end });
        }
      }
    });
  });
}
