import { describe, expect, it } from 'vitest';
import { converse } from '../helpers/handshake-sim.js';

/** Fewer where they are run for each change of the source: `npm run mutation`. */
const RUNS = Number(process.env.RX_TINYPROTO_SEEDS ?? 4_000);

describe('two tinyproto machines, talking at random', () => {
  it('deliver everything exactly, settle every send and end in order', () => {
    let closed = 0;
    let messages = 0;
    for (let seed = 1; seed <= RUNS; seed += 1) {
      const tally = repeatably(seed);
      messages += tally.messages;
      if (tally.closed) closed += 1;
    }
    expect(messages).toBeGreaterThan(3 * RUNS);
    expect(closed).toBeGreaterThan(RUNS / 4);
  });
});

/** The seed of a run that fails is in its error: `converse(seed)` repeats it. */
function repeatably(seed: number) {
  try {
    return converse(seed);
  } catch (error) {
    throw new Error(`with seed ${seed}`, { cause: error });
  }
}
