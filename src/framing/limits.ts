/** The largest message, where nobody says otherwise: 8 MiB. */
export const DEFAULT_MAX_MESSAGE_BYTES = 8 * 1024 * 1024;

/** Where bodies are streams: a message up to here is collected all the same, since parts of it would cost more than they save. */
export const COLLECTED_BYTES = 65_536;

/**
 * A whole number from `least` to `most`.
 *
 * @throws TypeError for what is no whole number, RangeError for one that is too small or too large.
 */
export function wholeNumber(
  name: string,
  value: unknown,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): number {
  if (!Number.isInteger(value)) throw new TypeError(`${name} is a whole number, not ${String(value)}`);
  const number = value as number;
  if (number >= least && number <= most) return number;
  throw new RangeError(`${name} is from ${least} to ${most}, not ${number}`);
}

/** A whole number from `least`, or `Infinity`, which has to be written. */
export function limit(name: string, value: unknown, least = 0): number {
  return value === Number.POSITIVE_INFINITY ? value : wholeNumber(name, value, least);
}

/** One of a few words. */
export function oneOf<Word extends string>(name: string, value: unknown, words: readonly Word[]): Word {
  const word = words.find((one) => one === value);
  if (word !== undefined) return word;
  throw new TypeError(`${name} is ${words.map((one) => `'${one}'`).join(' or ')}, not ${String(value)}`);
}
