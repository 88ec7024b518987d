import { describe, it } from 'vitest';
import { beHostile } from '../helpers/hostile.js';

describe('hostile bytes', () => {
  it('come to what a plain oracle makes of them, for each framing, in any cut', () => beHostile(1, 10_000));
});
