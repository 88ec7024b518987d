import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { property } from './fuzz.js';

/**
 * Random conversations over the virtual network: a raw peer that says what it likes, and a user who does what he likes.
 *
 *     npm run fuzz -- --seconds 60             from a seed of the clock, which is printed
 *     npm run fuzz -- --seed 7 --seconds 60    the same again
 *
 * A failure is made smaller, printed with its seed, and should become a case of the conformance suite.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    seed: { type: 'string', default: String(Date.now() % 1e9) },
  },
});
const until = performance.now() + Number(values.seconds) * 1_000;
let seed = Number(values.seed);
let runs = 0;

while (performance.now() < until && process.exitCode === undefined) {
  const details = await fc.check(property, {
    seed,
    numRuns: 200,
    interruptAfterTimeLimit: until - performance.now(),
  });
  runs += details.numRuns;
  if (details.failed && details.counterexample) {
    console.log(
      `seed ${seed}: ${details.errorInstance instanceof Error ? details.errorInstance.message : details.errorInstance}`,
    );
    process.exitCode = 1;
  } else seed++;
}
console.log(`${runs} conversations, seeds ${values.seed} to ${seed}`);
