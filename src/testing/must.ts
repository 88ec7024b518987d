import { explain } from './labels.js';
import { MarbleError } from './marble-error.js';
import { same } from './same.js';

/** Throws where they are not the same, whatever the test runner is. */
export function must(actual: unknown, expected: unknown): void {
  if (!same(actual, expected))
    throw new MarbleError(`\n  expected  ${explain(expected)}\n  received  ${explain(actual)}`);
}
