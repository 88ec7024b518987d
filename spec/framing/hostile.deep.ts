import { describe, it } from 'vitest';
import { beHostile } from '../helpers/hostile.js';

describe('hostile bytes', () => {
  for (let seed = 2; seed < 12; seed += 1) {
    it(`come to what a plain oracle makes of them, 100,000 times from seed ${seed}`, () =>
      beHostile(seed, 100_000));
  }
});
