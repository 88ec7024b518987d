import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  expectBytes,
  pass,
  pattern,
  type Scene,
  scene,
  type TransportCase,
  text,
  until,
  utf8,
} from './wires.js';

export function bytesContract(of: TransportCase): void {
  describe('bytes', () => {
    let stage: Scene;
    beforeEach(async () => {
      stage = await scene(of);
    });
    afterEach(() => stage.close());

    it('arrive both ways', async () => {
      const { near, far } = await stage.meet();
      near.write(utf8('ping'));
      await until(() => text(far) === 'ping', 'ping');
      far.write(utf8('pong'));
      await until(() => text(near) === 'pong', 'pong');
    });

    it('of many writes in one turn arrive in their order, and each write settles once, in order', async () => {
      const { near, far } = await stage.meet();
      for (let at = 0; at < 1_000; at++) near.write(pattern(10, at * 10));
      await until(() => far.size() === 10_000 && near.settled.length === 1_000, 'all');
      expectBytes(far.bytes(), pattern(10_000));
      expect(near.settled.map(({ id }) => id)).toEqual(Array.from({ length: 1_000 }, (_, id) => id));
      expect(near.settled.every(({ error }) => error === undefined)).toBe(true);
    });

    it('of pieces large and small arrive in their order', async () => {
      const { near, far } = await stage.meet();
      const sizes = [0, 1, 16_383, 16_384, 3, 131_072, 0, 131_073, 5, 300_000, 1, 1, 0];
      const total = sizes.reduce((sum, size) => sum + size, 0);
      let at = 0;
      for (const size of sizes) {
        near.write(pattern(size, at));
        at += size;
      }
      await until(() => far.size() === total && near.settled.length === sizes.length, 'all');
      expectBytes(far.bytes(), pattern(total));
    });

    it('written from done follow those written before', async () => {
      const { near, far } = await stage.meet();
      let at = 0;
      const next = () => {
        if (at === 2_000) return;
        at += 10;
        near.write(pattern(10, at - 10), next);
      };
      next();
      near.write(pattern(0));
      await until(() => far.size() === 2_000, 'all');
      expectBytes(far.bytes(), pattern(2_000));
    });

    it('are the writer’s again once done is called', async () => {
      const { near, far } = await stage.meet({ unread: 'far' });
      const buffer = pattern(of.roomBytes);
      near.write(buffer, () => buffer.fill(0));
      await until(() => buffer[1] === 0, 'done');
      far.read();
      await until(() => far.size() === of.roomBytes, 'all');
      expectBytes(far.bytes(), pattern(of.roomBytes));
    });

    it('are the receiver’s to keep: plain Uint8Arrays that no later chunk changes', async () => {
      const { near, far } = await stage.meet();
      for (let at = 0; at < 20; at++) {
        near.write(pattern(5_000, at * 5_000));
        await until(() => far.size() === (at + 1) * 5_000, 'the next');
      }
      expectBytes(far.bytes(), pattern(100_000));
      expect(far.chunks.every((chunk) => chunk.constructor === Uint8Array && chunk.byteLength > 0)).toBe(
        true,
      );
    });

    it('that come before anybody reads are kept', async () => {
      const { near, far } = await stage.meet({ unread: 'both' });
      near.write(utf8('early'));
      far.write(utf8('too'));
      await pass(20);
      near.read();
      far.read();
      await until(() => text(far) === 'early' && text(near) === 'too', 'both');
    });

    it('never arrive inside subscribe', async () => {
      const { near, far } = await stage.meet({ unread: 'far' });
      near.write(utf8('here'));
      await until(() => near.settled.length === 1, 'written');
      await pass(10);
      far.read();
      expect(far.size()).toBe(0);
      await until(() => text(far) === 'here', 'read');
    });

    it('have one subscriber: a second gets a TypeError, and the first goes on', async () => {
      const { near, far } = await stage.meet();
      const errors: unknown[] = [];
      far.wire.bytes$.subscribe({ error: (error) => errors.push(error) });
      expect(errors).toEqual([expect.any(TypeError)]);
      near.write(utf8('still'));
      await until(() => text(far) === 'still', 'read');
    });

    it('are discarded after the subscriber has left, and the wire lives', async () => {
      const { near, far } = await stage.meet({ unread: 'far' });
      far.read().unsubscribe();
      near.write(pattern(1_000_000));
      if (of.halfClose ?? true) near.end();
      else near.write(pattern(1));
      await until(() => near.settled.length === 2, 'all taken');
      far.write(utf8('alive'));
      await until(() => text(near) === 'alive', 'the other way');
      expect(far.size()).toBe(0);
      far.end();
      await until(() => far.closings.length === 1 && near.closings.length === 1, 'closed');
      expect(far.closings).toEqual([{}]);
    });

    it('of many wires at once all come back', async () => {
      const echoed: string[] = [];
      const numbers = Array.from({ length: of.wires ?? 1_000 }, (_, at) => at);
      const meetings = await Promise.all(numbers.map(() => stage.meet()));
      for (const [at, { near }] of meetings.entries()) near.write(utf8(`${at}`));
      await until(() => meetings.every(({ far }) => far.size() > 0), 'there', 10_000);
      for (const { far } of meetings) for (const chunk of far.chunks) far.wire.write(chunk, () => {});
      await until(() => meetings.every(({ near, far }) => near.size() === far.size()), 'and back', 10_000);
      for (const { near } of meetings) echoed.push(text(near));
      expect(echoed.map(Number).sort((a, b) => a - b)).toEqual(numbers);
    });
  });
}
