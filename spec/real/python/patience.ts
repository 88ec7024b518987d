import { tinyproto } from 'rx-tinyproto';
import { NEVER, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { serving } from '../../helpers/loopback.js';
import {
  allAtOnce,
  closing,
  digests,
  endedWell,
  half,
  hearing,
  hundred,
  none,
  type Peer,
  talking,
} from './peers.js';

/** What takes long, because Python waits or we do. */
export function patience(peer: Peer): void {
  const { client, server, call } = talking(peer);

  describe('as a client of ours', () => {
    it('gives up after its 5 s when its message is not taken', async (test) => {
      const heard = hearing(() => NEVER);
      const ours = await serving(test, heard.handler);
      const theirs = client(test, ours.port, { do: 'stream', messages: [1, 2] });
      expect(await closing(ours)).toMatchObject({
        by: 'error',
        error: { kind: 'protocol', code: 'cut-short' },
      });
      expect(heard.messages).toEqual(digests([1]));
      await theirs.exit;
    });

    it('does not give up while a slow consumer takes its time, in half duplex', async (test) => {
      const heard = hearing(() => timer(250));
      const ours = await serving(test, heard.handler, { framing: half });
      await endedWell(client(test, ours.port, { do: 'stream', messages: hundred.slice(-8), timeout: 1 }));
      expect(await closing(ours)).toEqual({ by: 'peer', dropped: none });
      expect(heard.messages).toHaveLength(8);
      expect(ours.errors).toEqual([]);
    });
  });

  describe('as a server of ours', () => {
    it('sends a burst of large messages back, in half duplex', async (test) => {
      const theirs = await server(test, { do: 'echo' });
      const large = [5_000_000, 5_000_001];
      // Python has to read all that the kernel has before it can answer.
      const framing = tinyproto({ duplex: 'half', quietMs: 1_500 });
      expect(await call(theirs, allAtOnce(large), { framing })).toEqual(digests(large));
      theirs.stop();
      await endedWell(theirs, peer.atOurEnd);
    });
  });
}
