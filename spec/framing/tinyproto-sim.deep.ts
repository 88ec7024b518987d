import { describe, expect, it } from 'vitest';
import { converse } from '../helpers/handshake-sim.js';

const RUNS = 200_000;

describe('two tinyproto machines, talking at random for long', () => {
  it('deliver everything exactly, settle every send and end in order', () => {
    let messages = 0;
    for (let seed = 1; seed <= RUNS; seed += 1) {
      try {
        messages += converse(seed).messages;
      } catch (error) {
        throw new Error(`with seed ${seed}`, { cause: error });
      }
    }
    expect(messages).toBeGreaterThan(3 * RUNS);
  });
});
