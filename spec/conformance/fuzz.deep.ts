import fc from 'fast-check';
import { expect, it } from 'vitest';
import { property } from './fuzz.js';

/** `npm run fuzz` goes on for as long as it is told to. */
it('Whatever a peer says and a user does, what is asserted in every case holds', async () => {
  const seed = Number(process.env.RX_TINYPROTO_SEED ?? 1);
  const details = await fc.check(property, { seed, numRuns: 1_500, interruptAfterTimeLimit: 30_000 });
  expect(details.failed && details.counterexample ? `seed ${seed}: ${details.errorInstance}` : '').toBe('');
  expect(details.numRuns).toBeGreaterThan(50);
});
