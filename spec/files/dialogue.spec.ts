import type { BodyConnection } from 'rx-tinyproto';
import { NEVER } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { Dialogue } from '../../src/files/dialogue.js';
import { iterate } from '../../src/flow/iterate.js';

const mute = { [Symbol.asyncIterator]: () => iterate(NEVER) } as unknown as BodyConnection;

describe('a dialogue', () => {
  it.for([
    ['an answer', 0, 5_000],
    ['a side that has 1 GiB to read first', 2 ** 30, 70_536],
  ] as const)('waits for %s', async ([, bytes, ms], { onTestFinished }) => {
    vi.useFakeTimers();
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const began = Date.now();
    const heard = new Dialogue(mute, 5_000).hearAfter(bytes, 'confirmed');
    const ended = heard.catch(({ code }) => `${code} after ${Date.now() - began}`);
    await vi.runAllTimersAsync();
    expect(await ended).toBe(`stalled after ${ms}`);
  });
});
