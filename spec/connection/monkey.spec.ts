import { lengthPrefixed, lines, tinyproto } from 'rx-tinyproto';
import { describe, it } from 'vitest';
import { connectionMonkey } from '../helpers/connection-monkey.js';

describe('whatever is done to a connection', () => {
  const framings = {
    tinyproto: () => tinyproto(),
    'tinyproto, pipelined': () => tinyproto({ window: 4, inboxSlots: 3 }),
    lines: () => lines(),
    lengthPrefixed: () => lengthPrefixed(),
  };
  for (const [name, framing] of Object.entries(framings)) {
    it(`nothing is lost, doubled or left unsettled: ${name}`, () => {
      for (let seed = 1; seed <= 60; seed++) connectionMonkey(seed, framing);
    });
  }
});
