import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteQueue } from '../../src/bytes/byte-queue.js';
import { anyCut } from '../helpers/cuts.js';

describe('find, of a ByteQueue', () => {
  it('shows each byte from the offset on, once and in order, and tells where in the queue it was found', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        anyCut,
        fc.nat(60),
        fc.nat(200),
        fc.nat(255),
        (bytes, cut, skipped, asked, wanted) => {
          const queue = new ByteQueue();
          for (const chunk of cut(bytes)) queue.push(chunk);
          const gone = Math.min(skipped, bytes.length);
          queue.skip(gone);
          const offset = Math.min(asked, queue.length);
          const shown: number[] = [];
          const found = queue.find(offset, (piece, start, end) => {
            for (let at = start; at < end; at += 1) {
              shown.push(piece[at] as number);
              if (piece[at] === wanted) return at;
            }
            return -1;
          });
          const left = [...bytes.subarray(gone)];
          const expected = left.indexOf(wanted, offset);
          expect(found).toBe(expected);
          expect(shown).toEqual(left.slice(offset, expected < 0 ? undefined : expected + 1));
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
