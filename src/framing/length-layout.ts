import { largestUint } from '../bytes/uint.js';
import { DEFAULT_MAX_MESSAGE_BYTES, limit, wholeNumber } from './limits.js';

/** Options of `lengthPrefixed`. A frame has `offset` bytes, then the length field, then as many bytes as it says plus `adjust`. */
export interface LengthPrefixedOptions {
  /** Bytes of the length field. Default 4. */
  readonly size?: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;
  /** Whether the lowest byte of the length comes first. Default false: network order. */
  readonly littleEndian?: boolean;
  /** Bytes before the length field. Default 0. */
  readonly offset?: number;
  /** What to add to the length to have the number of bytes behind its field; negative where the length counts its own field, too. Default 0. */
  readonly adjust?: number;
  /** How many bytes at the beginning of a frame are no part of the message. Default `offset + size`: all up to the end of the length field. */
  readonly strip?: number;
  /** The `strip` bytes that our frames begin with; the length is filled in. Needed where more than the length is stripped. Theirs are not looked at. */
  readonly header?: Uint8Array;
  /** Largest message in bytes, sent or received. Default 8 MiB, or what the length can say if that is less. */
  readonly maxMessageBytes?: number;
}

const MOST_HEAD_BYTES = 65_535;
const LARGEST_ADJUST = 2 ** 31 - 1;

/** Where everything stands in a frame: the options, complete and checked. */
export interface LengthLayout {
  readonly size: number;
  readonly littleEndian: boolean;
  readonly offset: number;
  /** Bytes up to the end of the length field. */
  readonly head: number;
  readonly adjust: number;
  readonly strip: number;
  /** What our frames begin with: `strip` bytes, in which the length is filled in. */
  readonly header: Uint8Array;
  readonly maxMessageBytes: number;
}

/** @throws TypeError for what is no number, RangeError for what cannot work in both directions. */
export function lengthLayout({
  size = 4,
  littleEndian = false,
  offset = 0,
  adjust = 0,
  strip = offset + size,
  header,
  maxMessageBytes,
}: LengthPrefixedOptions): LengthLayout {
  wholeNumber('size', size, 1, 8);
  wholeNumber('offset', offset, 0, MOST_HEAD_BYTES);
  wholeNumber('adjust', adjust, -LARGEST_ADJUST, LARGEST_ADJUST);
  wholeNumber('strip', strip, 0, MOST_HEAD_BYTES + 8);
  if (typeof littleEndian !== 'boolean')
    throw new TypeError(`littleEndian is true or false, not ${littleEndian}`);
  const head = offset + size;
  return {
    size,
    littleEndian,
    offset,
    head,
    adjust,
    strip,
    header: headerOf(header, offset, size, strip),
    maxMessageBytes: mostOf(maxMessageBytes, size, adjust, head - strip),
  };
}

/** Whatever is stripped must be known again on the way out. The length is; other bytes have to be given. */
function headerOf(given: unknown, offset: number, size: number, strip: number): Uint8Array {
  if (given === undefined) {
    const onlyLength = strip === 0 || (offset === 0 && strip <= size);
    if (onlyLength) return new Uint8Array(strip);
    throw new RangeError(
      `strip takes ${strip} bytes away, and not only of the length: give the header that our frames begin with, or strip less`,
    );
  }
  if (!(given instanceof Uint8Array)) throw new TypeError('header is a Uint8Array');
  if (given.length !== strip)
    throw new RangeError(`header is as long as strip, ${strip}, not ${given.length}`);
  return given.slice();
}

/** The limit, which the length field must be able to say. `kept`: bytes of the head that belong to the message, negative if more than the head is stripped. */
function mostOf(given: unknown, size: number, adjust: number, kept: number): number {
  const capacity = Math.min(largestUint(size) + adjust + kept, Number.MAX_SAFE_INTEGER);
  const smallest = Math.max(0, kept, kept + adjust);
  if (capacity < smallest) throw new RangeError(`no length of ${size} bytes says the size of any message`);
  const most = limit(
    'maxMessageBytes',
    given === undefined ? Math.min(DEFAULT_MAX_MESSAGE_BYTES, capacity) : given,
  );
  if (most === Number.POSITIVE_INFINITY) return capacity;
  if (most < smallest || most > capacity) {
    throw new RangeError(`maxMessageBytes is from ${smallest} to ${capacity} here, not ${most}`);
  }
  return most;
}
