import { limit, wholeNumber } from '../framing/limits.js';

/** A wait in milliseconds. What were to come before now, or never, would bring the order of events to nothing. */
export function waitMs(name: string, value: number): number {
  if (typeof value !== 'number') throw new TypeError(`${name} is a number, not ${typeof value}`);
  if (!(value >= 0 && value < Number.POSITIVE_INFINITY))
    throw new RangeError(`${name} is at least 0, and finite, not ${value}`);
  return value;
}

/** Sizes of pieces, one or many: without any, or with one of nothing, bytes would be lost. */
export function pieceSizes(name: string, sizes: number | readonly number[]): readonly number[] {
  const all = typeof sizes === 'number' ? [sizes] : sizes;
  if (all.length === 0) throw new RangeError(`${name} is one size at least`);
  return all.map((size) => limit(name, size, 1));
}

/** Which runs there are: none would be a test that cannot fail. */
export function seedsOf(seeds: number | readonly number[]): readonly number[] {
  const all =
    typeof seeds === 'number'
      ? Array.from({ length: wholeNumber('seeds', seeds, 1, 2 ** 32 - 1) }, (_, index) => index + 1)
      : seeds;
  if (all.length === 0) throw new RangeError('seeds is one at least');
  return all;
}
