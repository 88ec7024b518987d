import { describe, expect, it } from 'vitest';
import { nodeProcess } from '../helpers/node-process.js';
import type { Measured } from './loopback/volume.js';

const MiB = 1 << 20;

describe('Over loopback, with memory bounded', () => {
  it('one message of 64 MiB goes through', async (test) => {
    const { count, bytes, peak, left } = await measured(test, 1, 64 * MiB);
    expect({ count, bytes }).toEqual({ count: 1, bytes: 64 * MiB });
    // Besides the sender's own: the chunks as they came, and the one array that they are put together in. Whoever copied on each chunk would have more,
    // and would take half a minute.
    expect(peak.arrayBuffers).toBeLessThan((2 * 64 + 8) * MiB);
    expect(peak.rss).toBeLessThan((2 * 64 + 64) * MiB);
    expect(left.arrayBuffers).toBeLessThan(1 * MiB);
  });

  it('100,000 small messages go through, one after the other', async (test) => {
    const { count, bytes, peak, left } = await measured(test, 100_000, 3);
    expect({ count, bytes }).toEqual({ count: 100_000, bytes: 300_000 });
    // One message is under way at a time, so what it takes is what the machinery takes; 40 bytes kept of each would show in what is left.
    expect(peak.arrayBuffers).toBeLessThan(4 * MiB);
    expect(peak.rss).toBeLessThan(96 * MiB);
    expect(left.arrayBuffers).toBeLessThan(1 * MiB);
    expect(left.heap).toBeLessThan(4 * MiB);
  }, 60_000);
});

async function measured(
  test: Parameters<typeof nodeProcess>[0],
  messages: number,
  size: number,
): Promise<Measured> {
  const flags = ['--expose-gc'];
  const ended = await nodeProcess(test, 'loopback/volume.ts', [`${messages}`, `${size}`], {
    flags,
    withinMs: 60_000,
  });
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  return JSON.parse(ended.stdout);
}
