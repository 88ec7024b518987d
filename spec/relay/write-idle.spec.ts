import { tinyproto, writeIdle } from 'rx-tinyproto';
import { hex } from 'rx-tinyproto/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Talk } from '../helpers/wire-talk.js';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('writeIdle', () => {
  it('takes messages that go out for a sign of life, though the peer refuses each of them', async () => {
    const talk = new Talk(tinyproto()).receive(hex`ff`);
    const fates: string[] = [];
    const send = () => talk.connection.send(hex`61`).subscribe({ error: ({ code }) => fates.push(code) });
    send();
    writeIdle(talk.connection, 100).subscribe(() => fates.push('idle'));
    for (let times = 0; times < 3; times++) {
      await vi.advanceTimersByTimeAsync(50);
      talk.receive(hex`fd`);
      send();
      await vi.advanceTimersByTimeAsync(50);
    }
    expect(fates).toEqual(['refused', 'refused', 'refused']);
    await vi.advanceTimersByTimeAsync(100);
    expect(fates.at(-1)).toBe('idle');
  });
});
