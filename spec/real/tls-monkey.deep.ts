import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tcp } from '../../src/transport/tcp.js';
import type { Wire } from '../../src/transport/transport.js';
import { monkeyContract, random } from '../contracts/transport-monkey.js';
import { type Scene, scene, until } from '../contracts/wires.js';
import { authority } from '../helpers/certificates.js';

const ca = await authority();
const tls = { ...(await ca.issue('localhost')), ca: ca.cert };
const real = () => tcp({ tls, probeMs: 20, lingerMs: 300 });
const same = { bulkBytes: 0, roomBytes: 0, address: () => 0, resets: true, open: real };

// Reset in the wrong order, a TLS socket takes the process with it: that there is one left to tell is half of what is asserted here.
describe('TLS', () => monkeyContract(same, { seed: 1_000, runs: 600 }));

describe('TLS, inside the handshake', () => {
  let stage: Scene;
  beforeEach(async () => {
    stage = await scene({ ...same, open: () => tcp({ tls }) });
  });
  afterEach(() => stage.close());

  it('may be given up by either end, in any way, at any time', async () => {
    const dice = random(7);
    const { transport } = stage;
    let bound: unknown;
    let open = 0;
    let came = 0;
    /** Lets go of it: at once, in the next turn, or some milliseconds later. */
    const later = (letGo: () => void) => {
      const when = dice(8);
      if (when === 0) letGo();
      else if (when === 1) setImmediate(letGo);
      else setTimeout(letGo, when);
    };
    const watch = (wire: Wire) => {
      open++;
      wire.closed$.subscribe(() => open--);
    };
    const listening = transport
      .listen(0, { openObserver: { next: (each) => (bound = each) } })
      .subscribe((wire) => {
        came++;
        watch(wire);
        const ready = (secured: Wire) => secured.destroy({ reset: dice(2) === 0 });
        const doing = wire.handshake$?.subscribe({ next: ready, error: () => {} });
        const how = dice(4);
        if (how === 0) later(() => wire.destroy({ reset: true }));
        else if (how === 1) later(() => wire.destroy());
        else if (how === 2) later(() => doing?.unsubscribe());
      });
    await until(() => bound !== undefined, 'bound');
    for (let round = 0; round < 100; round++) {
      for (let call = 0; call < 10; call++) {
        const dialling = transport.dial(bound as number).subscribe({
          next: (wire) => {
            watch(wire);
            wire.destroy({ reset: dice(2) === 0 });
          },
          error: () => {},
        });
        if (dice(3) === 0) later(() => dialling.unsubscribe());
      }
      await new Promise((go) => setTimeout(go, 10));
    }
    await until(() => open === 0, 'every wire is closed', 20_000);
    expect(came).toBeGreaterThan(100);
    listening.unsubscribe();
  });
});
