import { bytesOfText, sameBytes } from './bytes.js';

/**
 * Equality by value. An expected text is the bytes of it where bytes came, and an expected error may name only what matters: its class
 * and its code, or its message.
 */
export function same(actual: unknown, expected: unknown): boolean {
  if (Object.is(actual, expected)) return true;
  if (actual instanceof Uint8Array && typeof expected === 'string')
    return sameBytes(actual, bytesOfText(expected));
  if (isMatcher(expected)) return expected.asymmetricMatch(actual);
  if (!isObject(actual) || !isObject(expected)) return false;
  if (actual instanceof Uint8Array && expected instanceof Uint8Array) return sameBytes(actual, expected);
  if (actual instanceof Error) return sameError(actual, expected);
  if (Object.getPrototypeOf(actual) !== Object.getPrototypeOf(expected)) return false;
  return sameParts(actual, expected);
}

function sameParts(actual: Parts, expected: Parts): boolean {
  if (actual instanceof Map || actual instanceof Set) {
    return same([...(actual as Iterable<unknown>)], [...(expected as unknown as Iterable<unknown>)]);
  }
  if (actual instanceof Date) return Object.is(actual.getTime(), (expected as unknown as Date).getTime());
  if (actual instanceof ArrayBuffer) return sameBuffers(actual, expected);
  if (Array.isArray(actual) && actual.length !== expected.length) return false;
  const keys = new Set([...keysOf(actual), ...keysOf(expected)]);
  if (keys.size === 0) return textOf(actual) === textOf(expected);
  return [...keys].every((key) => same(actual[key], expected[key]));
}

const sameBuffers = (one: ArrayBuffer, other: unknown): boolean =>
  sameBytes(new Uint8Array(one), new Uint8Array(other as ArrayBuffer));

const keysOf = (value: Parts): PropertyKey[] =>
  Reflect.ownKeys(value).filter((key) => Object.prototype.propertyIsEnumerable.call(value, key));

/** What is inside shows only in the text of some: of a URL, a regular expression, a number in an object. */
const textOf = (value: Parts): unknown => (typeof value.toString === 'function' ? String(value) : '');

function sameError(actual: Error, expected: Parts): boolean {
  if (!(expected instanceof Error)) {
    const names = Object.getPrototypeOf(expected) === Object.prototype;
    return names && keysOf(expected).every((key) => same((actual as unknown as Parts)[key], expected[key]));
  }
  const { name, code, message } = actual as Error & { code?: unknown };
  const wanted = expected as Error & { code?: unknown };
  return (
    name === wanted.name && code === wanted.code && (wanted.code !== undefined || message === wanted.message)
  );
}

type Parts = Readonly<Record<PropertyKey, unknown>>;

/** What `expect.any`, `expect.objectContaining` and their like are, in every runner that has them. */
function isMatcher(value: unknown): value is { asymmetricMatch(actual: unknown): boolean } {
  return isObject(value) && typeof value.asymmetricMatch === 'function';
}

function isObject(value: unknown): value is Parts {
  return typeof value === 'object' && value !== null;
}
