import { tinyproto } from 'rx-tinyproto';
import { tap } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { serving } from '../../helpers/loopback.js';
import { patterned } from '../../helpers/python.js';
import {
  allAtOnce,
  closing,
  digests,
  echo,
  endedWell,
  half,
  hearing,
  hundred,
  lockstep,
  none,
  type Peer,
  sendAll,
  talking,
} from './peers.js';

/** What holds for all of them alike, with bursts of so many messages. */
export function further(peer: Peer, bursts: readonly number[]): void {
  const { client, server, call } = talking(peer);

  describe('as a client of ours', () => {
    it('gets a hundred messages back in lockstep', async (test) => {
      const ours = await serving(test, echo);
      const theirs = client(test, ours.port, { do: 'talk', messages: hundred });
      expect(await theirs.next('talked')).toMatchObject({ count: 100, wrong: 0 });
      await endedWell(theirs);
      expect(ours.errors).toEqual([]);
    });

    it('loses none of a hundred messages behind which it ends', async (test) => {
      const heard = hearing();
      const ours = await serving(test, heard.handler);
      await endedWell(client(test, ours.port, { do: 'stream', messages: hundred }));
      expect(await closing(ours)).toEqual({ by: 'peer', dropped: none });
      expect(heard.messages).toEqual(digests(hundred));
      expect(ours.errors).toEqual([]);
    });

    it.for(bursts)('gets a burst of %i back, in half duplex', async (count, test) => {
      const ours = await serving(test, echo, { framing: half });
      const theirs = client(test, ours.port, { do: 'burst', messages: hundred.slice(-count) });
      expect(await theirs.next('talked')).toMatchObject({ count, wrong: 0 });
      await endedWell(theirs);
      expect(ours.errors).toEqual([]);
    });

    it('is served twenty times at once', async (test) => {
      const ours = await serving(test, echo);
      const theirs = client(test, ours.port, { do: 'talk', messages: hundred.slice(-10), connections: 20 });
      await endedWell(theirs);
      expect(theirs.told('talked')).toEqual(Array(20).fill({ event: 'talked', count: 10, wrong: 0 }));
      expect(ours.connections).toHaveLength(20);
      expect(ours.errors).toEqual([]);
    });

    it('is found in a collision by its header, in half duplex', async (test) => {
      const framing = tinyproto({ duplex: 'half', quietMs: 0 });
      const ours = await serving(test, echo, { framing });
      client(test, ours.port, { do: 'babble' });
      expect(await closing(ours)).toMatchObject({ by: 'error', error: { code: 'collision' } });
    });

    it('is found silent by the next message', async (test) => {
      const framing = tinyproto({ duplex: 'half', okTimeoutMs: 200 });
      const ours = await serving(test, (conn) => sendAll(conn, [1, 2]), { framing });
      const theirs = client(test, ours.port, { do: 'fail', linger: true });
      await theirs.next('died');
      expect(await closing(ours)).toMatchObject({ by: 'error', error: { code: 'ok-timeout' } });
      expect(ours.errors).toMatchObject([
        { kind: 'send', code: 'connection-closed', fate: 'not-sent', cause: { code: 'ok-timeout' } },
      ]);
      theirs.stop();
      await endedWell(theirs, 'RuntimeError: failed at work');
    });

    it('can be killed in the middle of a message', async (test) => {
      const heard = hearing();
      const ours = await serving(test, heard.handler);
      const theirs = client(test, ours.port, { do: 'half', size: 1_000_000, after: 500_000 });
      await theirs.next('stalled');
      theirs.kill();
      expect(await closing(ours)).toMatchObject({ by: 'error', error: { code: 'cut-short' } });
      expect(heard.messages).toEqual([]);
      await endedWell(client(test, ours.port, { do: 'stream', messages: [1] }));
      expect(heard.messages).toHaveLength(1);
    });
  });

  describe('as a server of ours', () => {
    it('sends a hundred messages back in lockstep', async (test) => {
      const theirs = await server(test, { do: 'echo' });
      expect(await call(theirs, lockstep(hundred))).toEqual(digests(hundred));
      theirs.stop();
      await endedWell(theirs, peer.atOurEnd);
    });

    it('loses none of a hundred messages behind which it ends', async (test) => {
      const theirs = await server(test, { do: 'stream', messages: hundred });
      expect(await call(theirs, ({ messages$ }) => messages$)).toEqual(digests(hundred));
      theirs.stop();
      await endedWell(theirs);
    });

    it.for(bursts)('sends a burst of %i back, in half duplex', async (count, test) => {
      const theirs = await server(test, { do: 'echo' });
      const burst = hundred.slice(-count);
      expect(await call(theirs, allAtOnce(burst), { framing: half })).toEqual(digests(burst));
      theirs.stop();
      await endedWell(theirs, peer.atOurEnd);
    });

    it('serves twenty of us at once', async (test) => {
      const theirs = await server(test, { do: 'echo' });
      const ten = hundred.slice(-10);
      const calls = Array.from({ length: 20 }, () => call(theirs, lockstep(ten)));
      expect(await Promise.all(calls)).toEqual(Array(20).fill(digests(ten)));
      theirs.stop();
      expect(await theirs.exit).toMatchObject({ code: 0, stderr: '' });
    });

    it('ends our conversation in order when it stops', async (test) => {
      const theirs = await server(test, { do: 'echo' });
      const answer = call(theirs, (conn) => {
        conn.send(patterned('bye')).subscribe();
        return conn.messages$.pipe(tap(() => theirs.stop()));
      });
      expect(await answer).toEqual(digests(['bye']));
      expect(await theirs.exit).toMatchObject({ code: 0, stderr: '' });
    });

    it('is found in a collision by its header, in half duplex', async (test) => {
      const theirs = await server(test, { do: 'babble' });
      const framing = tinyproto({ duplex: 'half', quietMs: 0 });
      await expect(call(theirs, echo, { framing })).rejects.toMatchObject({ code: 'collision' });
    });

    it('can be killed in the middle of a message', async (test) => {
      const theirs = await server(test, { do: 'half', size: 1_000_000, after: 500_000 });
      const heard: Uint8Array[] = [];
      const conversation = call(theirs, ({ messages$ }) => messages$.pipe(tap((each) => heard.push(each))));
      theirs.next('stalled').then(theirs.kill);
      await expect(conversation).rejects.toMatchObject({ kind: 'protocol', code: 'cut-short' });
      expect(heard).toEqual([]);
    });
  });
}
