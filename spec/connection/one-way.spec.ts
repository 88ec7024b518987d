import { hex } from 'rx-tinyproto/testing';
import { config, firstValueFrom, timer } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import type { FramingMachine, FramingPort } from '../../src/framing/framing.js';
import { lengthPrefixed } from '../../src/framing/length-prefixed.js';
import { lines } from '../../src/framing/lines.js';
import { queueFrames } from '../../src/outbox/queue-frames.js';
import { isTurn } from '../../src/outbox/turns.js';
import { bytesOf } from '../helpers/decoded.js';
import { Talk } from '../helpers/wire-talk.js';

const mistaken = (): never => {
  throw new Error('a mistake of ours');
};

describe('a connection whose directions know nothing of each other', () => {
  it('counts the bytes that it drops: what is unread, and what comes, whole messages or not', async () => {
    const talk = new Talk(lengthPrefixed({ size: 1 })).receive(hex`01 61 02 62 62 03 63`).close();
    talk.receive(hex`63 63 01`);
    expect(await talk.dropped()).toEqual({ messages: 3, bytes: 10 });
  });

  it('minds neither a fault nor an end in half a message once it is closed', async () => {
    const talk = await new Talk(lines({ maxLineBytes: 1 })).read();
    talk.close().receive(bytesOf('ab\n'), bytesOf('a\na\n')).end();
    expect([talk.heard, talk.did]).toEqual([['|'], ['fin']]);
  });

  it('resets nothing for a fault of the peer: what was written last may still be read', async () => {
    const talk = await new Talk(lines({ maxLineBytes: 1 })).read();
    talk.receive(bytesOf('a\nab'));
    expect([talk.heard, talk.did]).toEqual([['61', 'message-too-large'], ['destroy']]);
  });

  it('reads and counts nothing that comes behind a fault', async () => {
    const talk = await new Talk(lines({ maxLineBytes: 1 })).read();
    talk.receive(bytesOf('ab\n'), bytesOf('a\na\n'));
    expect(talk.heard).toEqual(['message-too-large']);
    expect(await talk.dropped()).toEqual({ messages: 0, bytes: 0 });
  });

  it.each<[what: keyof FramingMachine, fails: () => never]>([
    ['read', mistaken],
    ['push', mistaken],
    ['end', mistaken],
    ['look', mistaken],
  ])('fails with whatever its decoder throws, and asks it nothing more: %s', async (what, fails) => {
    let asked = 0;
    const broken = {
      unreadBytes: 0,
      push: () => {},
      read: () => undefined,
      end: () => {},
      rest: () => [],
      [what]: () => {
        asked++;
        return fails();
      },
    };
    const talk = await new Talk({ ...lines(), open: () => broken }).read();
    talk.receive(hex`00`, hex`00`).end();
    expect([talk.heard, asked]).toEqual([['a mistake of ours'], 1]);
  });

  it('fails with what is thrown at a deadline', async () => {
    vi.useFakeTimers();
    try {
      const { open } = lines();
      const talk = await new Talk({
        ...lines(),
        open: (port) => {
          port.await('header', 5);
          return Object.assign(open(port), { expired: mistaken });
        },
      }).read();
      await vi.advanceTimersByTimeAsync(10);
      expect([talk.heard, talk.did]).toEqual([['a mistake of ours'], ['reset']]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('takes no turn from the others where its wire cannot even be given up', async () => {
    const told: unknown[] = [];
    config.onUnhandledError = (error) => told.push(error);
    const open = (port: FramingPort) => {
      queueFrames(port);
      return { ...lines().open(port), push: mistaken };
    };
    new Talk({ ...lines(), open }, {}, { destroy: mistaken }).receive(hex`00`);
    await firstValueFrom(timer(1));
    config.onUnhandledError = null;
    expect([told.length, isTurn()]).toEqual([1, false]);
  });

  it('says nothing more to a wire that is given up, though the fault was found where the end was due', () => {
    const talk = new Talk(lines()).receive(bytesOf('half')).end();
    expect(talk.did).toEqual(['destroy']);
  });

  it('tells of half a message behind what is there', async () => {
    const talk = new Talk(lines()).receive(bytesOf('a\nab')).end();
    expect(talk.did).toEqual([]);
    expect((await talk.read()).heard).toEqual(['61', 'cut-short']);
  });

  it('delivers what its decoder makes of the end', async () => {
    const talk = await new Talk(lines({ unterminated: 'deliver' })).read();
    talk.receive(bytesOf('ab'));
    expect(talk.heard).toEqual([]);
    talk.end();
    expect(talk.heard).toEqual(['6162', '|']);
  });
});
