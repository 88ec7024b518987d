import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WireClosed } from '../../src/transport/transport.js';
import {
  type End,
  expectBytes,
  pass,
  pattern,
  type Scene,
  scene,
  type TransportCase,
  text,
  until,
  utf8,
  whereHalfClose,
  whereReset,
} from './wires.js';

const reset = expect.objectContaining({ name: 'WireError', code: 'reset' });
const tick = (go: () => void) => process.nextTick(go);
const turn = (go: () => void) => setImmediate(go);
const closed = (...ends: readonly End[]) =>
  until(() => ends.every((end) => end.closings.length === 1), 'closed');
const ended = (end: End) => until(() => end.endings.length === 1, 'ended');

export function endingContract(of: TransportCase): void {
  const itResets = whereReset(of);
  const itHalfCloses = whereHalfClose(of, true);
  const itEndsBoth = whereHalfClose(of, false);
  describe('endings', () => {
    let stage: Scene;
    beforeEach(async () => {
      stage = await scene(of);
    });
    afterEach(() => stage.close());

    describe('end', () => {
      itHalfCloses('completes the peer’s bytes and leaves the other direction open', async () => {
        const { near, far } = await stage.meet();
        near.write(utf8('last words'));
        near.end();
        await ended(far);
        expect(text(far)).toBe('last words');
        far.write(utf8('heard'));
        await until(() => text(near) === 'heard', 'the answer');
        far.end();
        await ended(near);
        await closed(near, far);
        expect([near.endings, far.endings]).toEqual([['complete'], ['complete']]);
        expect([near.closings, far.closings]).toEqual([[{}], [{}]]);
      });

      itHalfCloses('works from the accepting end alike', async () => {
        const { near, far } = await stage.meet();
        far.end();
        await ended(near);
        near.write(utf8('after your FIN'));
        near.end();
        await closed(near, far);
        expect(text(far)).toBe('after your FIN');
      });

      itEndsBoth('of either ends both, cleanly', async () => {
        for (const who of ['near', 'far'] as const) {
          const { near, far } = await stage.meet();
          near.write(utf8('last words'));
          far.write(utf8('yours'));
          await until(() => far.size() === 10 && near.size() === 5, 'said');
          (who === 'near' ? near : far).end();
          await closed(near, far);
          expect([near.endings, far.endings]).toEqual([['complete'], ['complete']]);
          expect([near.closings, far.closings]).toEqual([[{}], [{}]]);
          expect([near.wire.halfClose, far.wire.halfClose]).toEqual([false, false]);
        }
      });

      itEndsBoth('fails what its peer had not said by then, behind its own clean end', async () => {
        const { near, far } = await stage.meet();
        near.end();
        await ended(far);
        far.write(utf8('too late'));
        await until(() => far.settled.length === 1, 'settled');
        expect([far.endings, far.settled]).toEqual([['complete'], [{ id: 0, error: reset }]]);
        await closed(near, far);
        expect([near.closings, far.closings]).toEqual([[{}], [{}]]);
      });

      it('comes behind everything written, however much', async () => {
        const { near, far } = await stage.meet();
        near.write(pattern(of.bulkBytes));
        near.end();
        await until(() => far.endings.length === 1, 'ended', 20_000);
        expect(far.endings).toEqual(['complete']);
        expectBytes(far.bytes(), pattern(of.bulkBytes));
      });

      it('from both ends at once ends cleanly', async () => {
        const { near, far } = await stage.meet();
        near.write(utf8('a'));
        far.write(utf8('b'));
        near.end();
        far.end();
        await closed(near, far);
        expect([text(near), text(far)]).toEqual(['b', 'a']);
        expect([near.closings, far.closings]).toEqual([[{}], [{}]]);
      });

      it('may be called again, and each call is told; what is written behind it fails', async () => {
        const { near, far } = await stage.meet();
        near.end();
        near.end();
        near.write(utf8('too late'));
        await until(() => near.settled.length === 3, 'settled');
        near.end();
        await until(() => near.settled.length === 4, 'told');
        expect(near.settled.filter(({ error }) => error).map(({ id }) => id)).toEqual([2]);
        await ended(far);
        expect(far.size()).toBe(0);
      });

      itHalfCloses('of a peer that is told while we write fails nothing of ours', async () => {
        const { near, far } = await stage.meet();
        near.end();
        await ended(far);
        for (let at = 0; at < 20; at++) far.write(pattern(10_000, at * 10_000));
        await until(() => near.size() === 200_000, 'all');
        expect(far.settled.every(({ error }) => error === undefined)).toBe(true);
      });
    });

    describe('destroy', () => {
      it('sends what was written, then FIN', async () => {
        const { near, far } = await stage.meet();
        for (let at = 0; at < 30; at++) near.write(pattern(10_000, at * 10_000));
        near.wire.destroy();
        await ended(far);
        expect(far.endings).toEqual(['complete']);
        expectBytes(far.bytes(), pattern(300_000));
        far.wire.destroy();
        await closed(near, far);
        expect([near.closings, far.closings]).toEqual([[{}], [{}]]);
        expect(near.settled).toHaveLength(30);
      });

      it('loses nothing when bytes of the peer lie unread: they are read and dropped', async () => {
        const { near, far } = await stage.meet();
        near.wire.pause();
        far.write(pattern(of.roomBytes));
        await until(() => far.settled.length === 1, 'written');
        near.write(utf8('bye'));
        near.wire.destroy();
        await ended(far);
        expect([text(far), far.endings]).toEqual(['bye', ['complete']]);
        expect([near.size(), near.endings]).toEqual([0, []]);
      });

      it('loses nothing when bytes of the peer are on their way, before anybody read', async () => {
        const { near, far } = await stage.meet({ unread: 'near' });
        far.write(pattern(60_000));
        near.write(utf8('bye'));
        near.wire.destroy();
        far.write(pattern(60_000));
        await ended(far);
        expect([text(far), far.endings]).toEqual(['bye', ['complete']]);
        far.end();
        await closed(near, far);
        expect(far.closings).toEqual([{}]);
      });

      it('says nothing more, also inside next', async () => {
        const { near, far } = await stage.meet({ unread: 'far' });
        const got: string[] = [];
        far.wire.bytes$.subscribe({
          next: () => {
            got.push('chunk');
            far.wire.destroy();
          },
          error: () => got.push('error'),
          complete: () => got.push('complete'),
        });
        near.write(pattern(10));
        await ended(near);
        near.write(pattern(200_000));
        near.end();
        await closed(near, far);
        expect(got).toEqual(['chunk']);
      });

      it('says nothing to whoever subscribes later, whatever became of the wire', async () => {
        const { near, far } = await stage.meet({ unread: 'near' });
        far.write(utf8('never read'));
        near.wire.destroy();
        near.read();
        await ended(far);
        far.wire.destroy({ reset: true });
        await closed(near, far);
        near.wire.bytes$.subscribe({ error: () => {} });
        await pass(5);
        expect([near.size(), near.endings]).toEqual([0, []]);
      });

      it('of a wire whose peer never reads is over in a short, bounded time, and its writes settle', async () => {
        const { near, far } = await stage.meet({ unread: 'far' });
        near.write(pattern(of.bulkBytes));
        await pass(20);
        near.wire.destroy();
        await until(() => near.closings.length === 1, 'closed', 2_500);
        expect(near.closings).toEqual([{}]);
        expect(near.settled).toEqual([{ id: 0, error: expect.objectContaining({ name: 'WireError' }) }]);
        far.read();
        await ended(far);
        // A FIN would say that this was all.
        if (of.resets) expect(far.endings).toEqual([reset]);
      });

      itHalfCloses('of a wire whose peer never ends is over in a short, bounded time', async () => {
        const { near, far } = await stage.meet();
        near.wire.destroy();
        await ended(far);
        await until(() => near.closings.length === 1, 'closed', 2_500);
        expect(far.closings).toEqual([]);
        far.write(utf8('anybody there?'));
        await closed(far);
        expect(far.closings).toEqual([{ error: reset }]);
        expect(far.endings).toEqual(['complete']);
      });

      it('may be repeated, and mixed with end', async () => {
        const { near, far } = await stage.meet();
        near.wire.destroy();
        near.end();
        near.wire.destroy();
        far.end();
        far.wire.destroy();
        far.wire.destroy();
        await closed(near, far);
        near.wire.destroy();
        far.wire.destroy({ reset: true });
        expect([near.closings, far.closings]).toEqual([[{}], [{}]]);
        await until(() => near.settled.length === 1 && far.settled.length === 1, 'settled');
      });
    });

    describe('destroy with reset', () => {
      it('fails our pending writes, and closes at once', async () => {
        const { near, far } = await stage.meet({ unread: 'far' });
        near.write(pattern(of.bulkBytes));
        near.write(pattern(10));
        await pass(10);
        near.wire.destroy({ reset: true });
        expect(near.closings).toEqual([]);
        await until(() => near.closings.length === 1, 'closed', 500);
        expect(near.closings).toEqual([{}]);
        expect(near.settled).toEqual(
          [0, 1].map((id) => ({ id, error: expect.objectContaining({ name: 'WireError' }) })),
        );
        far.read();
        await ended(far);
      });

      itResets('ends the peer with reset: bytes, pending writes, closing', async () => {
        const { near, far } = await stage.meet();
        near.wire.pause();
        far.write(pattern(of.bulkBytes));
        await pass(10);
        near.wire.destroy({ reset: true });
        await closed(far);
        expect(far.endings).toEqual([reset]);
        expect(far.closings).toEqual([{ error: reset }]);
        expect(far.settled).toEqual([{ id: 0, error: reset }]);
        far.write(pattern(1));
        await until(() => far.settled.length === 2, 'settled');
        expect(far.settled[1]?.error).toEqual(reset);
      });

      itResets('is no clean end for a peer that has not read yet', async () => {
        const { near, far } = await stage.meet({ unread: 'far' });
        near.write(pattern(of.roomBytes));
        await until(() => near.settled.length === 1, 'written');
        await pass(5);
        near.wire.destroy({ reset: true });
        await pass(20);
        far.read();
        await ended(far);
        expect(far.endings).toEqual([reset]);
      });

      const itResetsHalf = of.resets ? itHalfCloses : () => {};
      itResetsHalf('is no clean end for a peer that has ended and not read yet', async () => {
        const { near, far } = await stage.meet({ unread: 'far' });
        far.end();
        await ended(near);
        near.write(pattern(of.roomBytes));
        await until(() => near.settled.length === 1, 'written');
        near.wire.destroy({ reset: true });
        await pass(20);
        far.read();
        await ended(far);
        expect(far.endings).toEqual([reset]);
      });

      itResets('cuts short an end or a destroy that is under way', async () => {
        for (const first of ['end', 'destroy'] as const) {
          for (const rounds of [
            [],
            [tick],
            [tick, tick],
            [tick, tick, tick],
            [turn],
            [turn, turn],
            [turn, tick, tick],
          ]) {
            const { near, far } = await stage.meet();
            if (first === 'end') near.end();
            else near.wire.destroy();
            for (const round of rounds) await new Promise<void>(round);
            near.wire.destroy({ reset: true });
            await until(() => near.closings.length === 1, `closed, ${first} ${rounds.length}`, 900);
            await ended(far);
            far.wire.destroy();
            await closed(far);
          }
        }
      });

      it('in the turn of the meeting harms nobody', async () => {
        for (const who of ['near', 'far', 'both'] as const) {
          const { near, far } = await stage.meet();
          if (who !== 'far') near.wire.destroy({ reset: true });
          if (who !== 'near') far.wire.destroy({ reset: true });
          near.wire.destroy();
          far.wire.destroy();
          await closed(near, far);
        }
      });
    });

    describe('closed$', () => {
      it('replays to whoever comes late, completes, and never errors', async () => {
        const { near, far } = await stage.meet();
        if (of.resets) near.wire.destroy({ reset: true });
        else near.wire.destroy();
        far.end();
        await closed(near, far);
        const late: (WireClosed | string)[] = [];
        far.wire.closed$.subscribe({ next: (it) => late.push(it), complete: () => late.push('complete') });
        expect(late).toEqual([far.closings[0], 'complete']);
      });

      itHalfCloses('waits until both directions are over', async () => {
        const { near, far } = await stage.meet();
        near.end();
        await ended(far);
        await pass(10);
        expect([near.closings, far.closings]).toEqual([[], []]);
        far.end();
        await closed(near, far);
      });
    });
  });
}
