import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type End,
  expectBytes,
  pass,
  pattern,
  type Scene,
  scene,
  type TransportCase,
  until,
  utf8,
  whereReset,
} from './wires.js';

/** Writes piece after piece, each when the one before is done. Gives back how much is done. */
function stream(
  end: End,
  total: number,
  pieceBytes = 65_536,
): { readonly done: () => number; readonly failed: () => boolean } {
  let done = 0;
  let failed = false;
  const next = () => {
    const bytes = pattern(Math.min(pieceBytes, total - done), done);
    end.write(bytes, (error) => {
      if (error) failed = true;
      else done += bytes.byteLength;
      if (!error && done < total) next();
    });
  };
  next();
  return { done: () => done, failed: () => failed };
}

/** Waits until it stands still. */
async function settle(what: () => number): Promise<number> {
  for (let before = -1; before !== what(); ) {
    before = what();
    await pass(60);
  }
  return what();
}

export function flowContract(of: TransportCase): void {
  describe('flow', () => {
    const itResets = whereReset(of);
    const total = of.bulkBytes;
    let stage: Scene;
    beforeEach(async () => {
      stage = await scene(of);
    });
    afterEach(() => stage.close());

    it('of a wire that is paused holds back its peer, and all arrives after it is resumed', async () => {
      const { near, far } = await stage.meet();
      far.wire.pause();
      const sent = stream(near, total);
      const held = await settle(sent.done);
      expect(held).toBeLessThan(total);
      far.wire.resume();
      await until(() => far.size() === total, 'all', 20_000);
      expectBytes(far.bytes(), pattern(total));
    });

    it('of a wire that nobody reads holds back its peer', async () => {
      const { near, far } = await stage.meet({ unread: 'far' });
      const sent = stream(near, total);
      expect(await settle(sent.done)).toBeLessThan(total);
      far.read();
      await until(() => far.size() === total, 'all', 20_000);
    });

    it('stops for a pause inside next', async () => {
      const { near, far } = await stage.meet({ unread: 'far' });
      let chunks = 0;
      let atPause = 0;
      far.wire.bytes$.subscribe((chunk) => {
        chunks++;
        atPause += chunk.byteLength;
        far.wire.pause();
      });
      stream(near, total);
      await pass(100);
      expect(chunks).toBeLessThanOrEqual(2);
      for (const before of [atPause]) {
        far.wire.resume();
        await until(() => atPause > before, 'the next chunk');
      }
      expect(atPause).toBeLessThan(total);
    });

    it('survives pausing and resuming in one turn, again and again', async () => {
      const { near, far } = await stage.meet();
      const sent = stream(near, total / 8);
      while (far.size() < total / 8) {
        far.wire.pause();
        far.wire.resume();
        far.wire.pause();
        await pass(0);
        far.wire.resume();
        far.wire.resume();
        await pass(0);
      }
      expect(sent.failed()).toBe(false);
      expectBytes(far.bytes(), pattern(total / 8));
    });

    it('is a matter of each direction: both can be held, and both go on', async () => {
      const { near, far } = await stage.meet();
      near.wire.pause();
      far.wire.pause();
      const there = stream(near, total / 4);
      const back = stream(far, total / 4);
      await settle(() => there.done() + back.done());
      near.wire.resume();
      await until(() => near.size() === total / 4, 'back', 20_000);
      far.wire.resume();
      await until(() => far.size() === total / 4, 'there', 20_000);
      expectBytes(near.bytes(), pattern(total / 4));
      expectBytes(far.bytes(), pattern(total / 4));
    });

    it('held by a slow reader keeps memory bounded', async () => {
      const { near, far } = await stage.meet({ unread: 'far' });
      let read = 0;
      let most = 0;
      const sent = stream(near, total);
      far.wire.bytes$.subscribe((chunk) => {
        read += chunk.byteLength;
        most = Math.max(most, sent.done() - read);
        far.wire.pause();
        setImmediate(() => far.wire.resume());
      });
      await until(() => read === total, 'all', 30_000);
      // What is neither with the writer nor with the reader: windows, and the buffers of the kernel at both ends.
      expect(most).toBeLessThan(16 << 20);
    });

    it('that is held brings FIN behind the bytes', async () => {
      const { near, far } = await stage.meet();
      far.wire.pause();
      near.write(pattern(50_000));
      near.end();
      await pass(20);
      expect(far.endings).toEqual([]);
      far.wire.resume();
      await until(() => far.endings.length === 1, 'FIN');
      expect(far.endings).toEqual(['complete']);
      expectBytes(far.bytes(), pattern(50_000));
    });

    itResets('that is held does not hide that the peer is dead', async () => {
      const { near, far } = await stage.meet();
      far.wire.pause();
      const sent = stream(near, total);
      await settle(sent.done);
      near.wire.destroy({ reset: true });
      await until(() => far.closings.length === 1, 'closed');
      expect(far.closings).toEqual([{ error: expect.objectContaining({ code: 'reset' }) }]);
      expect(far.endings).toEqual([expect.objectContaining({ code: 'reset' })]);
    });

    it('can be paused and resumed when all is over', async () => {
      const { near, far } = await stage.meet();
      near.wire.destroy();
      far.wire.destroy();
      await until(() => far.closings.length === 1 && near.closings.length === 1, 'closed');
      far.wire.pause();
      far.wire.resume();
      far.write(utf8('late'));
      far.end();
      await until(() => far.settled.length === 2, 'settled');
      expect(far.settled.every(({ error }) => error?.code === 'reset')).toBe(true);
    });
  });
}
