/** What Vitest gets besides: tests in virtual time in one call, and matchers for bytes and for errors. Needs `vitest`. */
import { expect, test } from 'vitest';
import { asBytes, hexOf, sameBytes } from './bytes.js';
import { explain } from './labels.js';
import { type MarbleHelpers, type MarblesOptions, marbles } from './marbles.js';

/** What `expect` knows when this door is imported. */
export interface TinyprotoMatchers<R> {
  /** The same bytes, which a text stands for in UTF-8. A difference is shown in hexadecimal. */
  toBeBytes(expected: Uint8Array | string): R;
  /** An error with this code, whatever its text. */
  toHaveCode(code: string): R;
}

/** Vitest's own `Matchers` has other type parameters from 5.0 on; what it has of Chai has none, in any version. */
declare global {
  namespace Chai {
    interface Assertion extends TinyprotoMatchers<void> {}
    interface ExpectStatic extends TinyprotoMatchers<unknown> {}
  }
}

/**
 * A test of Vitest in virtual time: `test(name, marbles(…))` in one call.
 *
 *     marbleTest('echoes', ({ cold, expectObservable }) => expectObservable(cold('-a|')).toBe('-a|'));
 */
export function marbleTest(
  name: string,
  body: (helpers: MarbleHelpers) => void,
  options?: MarblesOptions,
): void {
  test(name, marbles(body, options));
}

expect.extend({
  toBeBytes(received: unknown, expected: Uint8Array | string) {
    const bytes = asBytes(expected);
    // What is no bytes at all is a mistake, also where these bytes are not expected.
    if (!(received instanceof Uint8Array))
      return { pass: this.isNot === true, message: () => `expected bytes, not ${explain(received)}` };
    const pass = sameBytes(received, bytes);
    return {
      pass,
      message: () => `expected ${explain(received)} ${pass ? 'not ' : ''}to be ${explain(bytes)}`,
      actual: hexOf(received),
      expected: hexOf(bytes),
    };
  },
  toHaveCode(received: unknown, code: string) {
    const actual = (received as { readonly code?: unknown } | undefined)?.code;
    return {
      pass: actual === code,
      message: () => `expected ${explain(received)} ${actual === code ? 'not ' : ''}to have the code ${code}`,
      actual,
      expected: code,
    };
  },
});
