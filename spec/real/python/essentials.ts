import { connect, tinyproto } from 'rx-tinyproto';
import { describe, expect, it } from 'vitest';
import { serving } from '../../helpers/loopback.js';
import {
  closing,
  digests,
  echo,
  endedWell,
  everySize,
  hearing,
  hundred,
  interrupting,
  lockstep,
  none,
  type Peer,
  sendAll,
  talking,
} from './peers.js';

/** What is asked of every peer in `npm test`: where they differ, and what breaks first. */
export function essentials(peer: Peer): void {
  const { client, server, call } = talking(peer);

  describe('as a client of ours', () => {
    it('gets messages of every size and text back, and ends first', async (test) => {
      const ours = await serving(test, echo);
      const theirs = client(test, ours.port, { do: 'talk', messages: everySize });
      expect(await theirs.next('talked')).toMatchObject({ count: everySize.length, wrong: 0 });
      await endedWell(theirs);
      expect(await closing(ours)).toMatchObject({ by: 'peer' });
      expect(ours.errors).toEqual([]);
    });

    it('gets all of a hundred messages behind which we end', async (test) => {
      const ours = await serving(test, (conn) => sendAll(conn, hundred));
      const theirs = client(test, ours.port, { do: 'sink' });
      await endedWell(theirs, peer.atOurEnd);
      expect(theirs.heard).toEqual(digests(hundred));
      expect(await closing(ours)).toEqual({ by: 'us', dropped: none });
      expect(ours.errors).toEqual([]);
    });

    it('is told when the server is full, and finds the place that becomes free', async (test) => {
      const ours = await serving(test, echo, { maxConnections: 1 });
      const theirs = client(test, ours.port, { do: 'echo', connections: 2 });
      await theirs.next('opened');
      await theirs.next('died');
      theirs.stop();
      await endedWell(theirs, peer.full);
      const next = client(test, ours.port, { do: 'talk', messages: [1, 2, 3] });
      expect(await next.next('talked')).toMatchObject({ wrong: 0 });
      await endedWell(next);
      expect(ours.connections).toHaveLength(2);
      expect(ours.errors).toEqual([]);
    });

    it('is told that its message is too large', async (test) => {
      const heard = hearing();
      const ours = await serving(test, heard.handler, { framing: tinyproto({ maxMessageBytes: 100_000 }) });
      const theirs = client(test, ours.port, { do: 'stream', messages: [100_000, 100_001] });
      await endedWell(theirs, peer.refusal);
      expect(heard.messages).toEqual(digests([100_000]));
      expect(await closing(ours)).toEqual({ by: 'peer', dropped: none });
    });

    it('is found lost after a collision, though it says nothing more', async (test) => {
      const framing = tinyproto({ extraSlots: 1, okTimeoutMs: 200 });
      const ours = await serving(test, interrupting, { framing });
      const theirs = client(test, ours.port, { do: 'babble', linger: true });
      expect(await theirs.next('died')).toMatchObject({ error: peer.collision });
      expect(await closing(ours)).toMatchObject({ by: 'error', error: { code: 'ok-timeout' } });
      expect(ours.errors).toMatchObject([{ code: 'connection-closed', cause: { code: 'ok-timeout' } }]);
      theirs.stop();
      await endedWell(theirs, peer.collision);
    });
  });

  describe('as a server of ours', () => {
    it('sends messages of every size and text back, and we end first', async (test) => {
      const theirs = await server(test, { do: 'echo' });
      expect(await call(theirs, lockstep(everySize))).toEqual(digests(everySize));
      theirs.stop();
      await endedWell(theirs, peer.atOurEnd);
    });

    it('gets all of a hundred messages behind which we end', async (test) => {
      const theirs = await server(test, { do: 'sink' });
      await call(theirs, (conn) => sendAll(conn, hundred));
      await theirs.next(peer.atOurEnd ? 'died' : 'ended');
      expect(theirs.heard).toEqual(digests(hundred));
      theirs.stop();
      await endedWell(theirs, peer.atOurEnd);
    });

    it('tells us, or shows us, that it is full', async (test) => {
      const theirs = await server(test, { do: 'echo', limit: 1 });
      const first = connect(theirs.port).subscribe({ error: () => {} });
      test.onTestFinished(() => first.unsubscribe());
      await theirs.next('opened');
      const refused = await call(theirs, ({ messages$ }) => messages$).catch((error) => error);
      expect(peer.whenFull).toContain(refused.code);
    });
  });
}
