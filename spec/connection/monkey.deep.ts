import { lengthPrefixed, lines, tinyproto } from 'rx-tinyproto';
import { expect, it } from 'vitest';
import { connectionMonkey, stats } from '../helpers/connection-monkey.js';

const framings = {
  tinyproto: () => tinyproto(),
  'tinyproto, pipelined': () => tinyproto({ window: 4, inboxSlots: 3 }),
  lines: () => lines(),
  lengthPrefixed: () => lengthPrefixed(),
};

for (const [name, framing] of Object.entries(framings)) {
  it(`nothing is lost, doubled or left unsettled, whatever is done to a connection: ${name}`, {
    timeout: 120_000,
  }, () => {
    for (let seed = 1_000; seed < 2_000; seed++) connectionMonkey(seed, framing);
    expect(stats.received).toBeGreaterThan(1_000);
  });
}
