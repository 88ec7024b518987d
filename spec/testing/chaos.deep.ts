import { chaos } from 'rx-tinyproto/testing';
import { describe, it } from 'vitest';
import {
  broadcastScenario,
  echoScenario,
  farewellScenario,
  reconnectScenario,
  relayScenario,
} from './chaos-scenarios.js';

/** So many roads for each: `RX_TINYPROTO_SEEDS=10000 npm run chaos` tries more. */
const seeds = Number(process.env.RX_TINYPROTO_SEEDS ?? 1_000);
const ends = ['server:1'];

describe(`on ${seeds} bad roads`, () => {
  it('echoes', chaos(echoScenario('tinyproto'), { latencyMs: 1, seeds, ends }));
  it('echoes lines', chaos(echoScenario('lines'), { latencyMs: 1, seeds, ends }));
  it(
    'hears the last word',
    chaos(farewellScenario('tinyprotoWide'), { latencyMs: 1, seeds, ends, windowBytes: 128 }),
  );
  it('relays', chaos(relayScenario('tinyproto'), { latencyMs: 1, seeds, ends: [...ends, 'back:1'] }));
  it('broadcasts', chaos(broadcastScenario('tinyproto'), { latencyMs: 1, seeds, ends }));
  it('reconnects', chaos(reconnectScenario('tinyproto'), { latencyMs: 1, seeds, ends, lossy: true }));
});
