import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LengthPrefixedOptions, lengthPrefixed } from '../../src/framing/length-prefixed.js';
import { byteByByte } from '../helpers/cuts.js';
import { decoded, frameOf, hexOf } from '../helpers/decoded.js';

// docs/framings/length-prefixed.md maps the options of tokio and of Netty to ours. Here both are told in a few lines each, by what their sources do.

interface Field {
  readonly offset: number;
  readonly size: number;
  readonly littleEndian: boolean;
  readonly adjustment: number;
  /** tokio's `num_skip`, Netty's `initialBytesToStrip`. */
  readonly skip: number;
}

const lengthIn = (bytes: readonly number[], { offset, size, littleEndian }: Field): number => {
  const field = bytes.slice(offset, offset + size);
  if (littleEndian) field.reverse();
  return field.reduce((value, byte) => value * 256 + byte, 0);
};

/** tokio: skips, and then takes as many bytes as the length says, adjusted. */
function tokio(bytes: readonly number[], field: Field): { message: number[]; frame: number } {
  const frame = field.skip + lengthIn(bytes, field) + field.adjustment;
  return { message: bytes.slice(field.skip, frame), frame };
}

/** Netty: adds what comes before to the adjusted length, takes so many bytes, and strips. */
function netty(bytes: readonly number[], field: Field): { message: number[]; frame: number } {
  const frame = lengthIn(bytes, field) + field.adjustment + field.offset + field.size;
  return { message: bytes.slice(0, frame).slice(field.skip), frame };
}

const theirs = {
  tokio: {
    decode: tokio,
    adjust: ({ offset, size, adjustment, skip }: Field) => adjustment + skip - offset - size,
  },
  netty: { decode: netty, adjust: ({ adjustment }: Field) => adjustment },
};

const anyField: fc.Arbitrary<Field> = fc.record({
  offset: fc.nat(4),
  size: fc.integer({ min: 1, max: 8 }),
  littleEndian: fc.boolean(),
  adjustment: fc.integer({ min: -20, max: 20 }),
  skip: fc.nat(14),
});

describe.each(Object.entries(theirs))('what %s describes', (_, { decode, adjust }) => {
  it('is described here as the table says, in both directions', () => {
    let compared = 0;
    fc.assert(
      fc.property(
        anyField,
        fc.nat(60),
        fc.uint8Array({ minLength: 120, maxLength: 120 }),
        (field, length, junk) => {
          const bytes = [...junk];
          const value = Array.from({ length: field.size }, (_, at) => Math.floor(length / 256 ** at) % 256);
          bytes.splice(field.offset, field.size, ...(field.littleEndian ? value : value.reverse()));
          const { message, frame } = decode(bytes, field);
          const head = field.offset + field.size;
          // What ends before its own header does is nonsense to all three, each in its way.
          fc.pre(frame >= head && frame >= field.skip);
          const ours = lengthPrefixed({
            size: field.size as NonNullable<LengthPrefixedOptions['size']>,
            littleEndian: field.littleEndian,
            offset: field.offset,
            adjust: adjust(field),
            strip: field.skip,
            header: Uint8Array.from(bytes.slice(0, field.skip)),
          });
          const sent = bytes.slice(0, frame);
          expect(decoded(ours, byteByByte(Uint8Array.from(sent)))).toEqual({
            messages: [hexOf(Uint8Array.from(message))],
            end: '|',
          });
          expect(hexOf(frameOf(ours, Uint8Array.from(message)))).toBe(hexOf(Uint8Array.from(sent)));
          compared += 1;
        },
      ),
      { numRuns: 500 },
    );
    expect(compared).toBeGreaterThanOrEqual(500);
  });
});
