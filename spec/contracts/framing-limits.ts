import { describe, expect, it } from 'vitest';
import { joined } from '../../src/bytes/joined.js';
import type { Framing } from '../../src/framing/framing.js';
import { byteByByte, whole } from '../helpers/cuts.js';
import { decoded, frameOf, hexOf } from '../helpers/decoded.js';
import type { FramingSamples } from './framing.js';

const tooLarge = expect.objectContaining({ name: 'SendError', code: 'message-too-large', fate: 'not-sent' });

/** Limits, as all of ours have them. */
export function limitsContract(make: () => Framing, samples: FramingSamples): void {
  const { limited } = samples;

  it('has a limit that is finite by default', () => {
    expect(make().maxMessageBytes).toBeLessThanOrEqual(8 * 1024 * 1024);
  });

  if (limited) {
    const most = 40;
    const { framing, message } = limited;

    describe('at its limit', () => {
      it('carries a message of exactly so many bytes', () => {
        const frame = frameOf(framing(most), message(most));
        for (const cut of samples.halfIsWhole ? [whole] : [whole, byteByByte]) {
          expect(decoded(framing(most), cut(frame))).toEqual({ messages: [hexOf(message(most))], end: '|' });
        }
      });

      it('sends none that is larger', () => {
        expect(() => framing(most).encode(message(most + 1))).toThrow(tooLarge);
      });

      it('takes none that is larger, and delivers those before it', () => {
        const stream = joined([
          frameOf(framing(most), message(most)),
          frameOf(framing(most + 1), message(most + 1)),
          frameOf(framing(most), message(most)),
        ]);
        for (const cut of [whole, byteByByte]) {
          const found = decoded(
            framing(most),
            samples.halfIsWhole ? [message(most), message(most + 1)] : cut(stream),
          );
          expect(found).toEqual({ messages: [hexOf(message(most))], end: 'message-too-large' });
        }
      });

      it.each([Number.NaN, 1.5, '1', null, {}])('throws a TypeError for a limit of %s', (bytes) => {
        expect(() => framing(bytes as number)).toThrow(TypeError);
      });

      it('throws a RangeError for a limit below zero', () => {
        expect(() => framing(-1)).toThrow(RangeError);
      });
    });
  }
}
