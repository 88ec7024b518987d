import { describe, expect, it } from 'vitest';
import { carry, large } from '../helpers/large-messages.js';

const MIB = 1024 * 1024;

/** The CPU that a call takes, in milliseconds: less disturbed by others than a clock. The best of two. */
function cpuOf(act: () => void): number {
  const once = () => {
    const before = process.cpuUsage();
    act();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  };
  return Math.min(once(), once());
}

describe.each(Object.entries(large))('%s', (name, make) => {
  it.each([
    ['8 MiB in chunks of one byte', 8 * MIB, 1],
    ['64 MiB in chunks of 64 KiB', 64 * MIB, 65_536],
    ['64 MiB in chunks of 1 KiB', 64 * MIB, 1_024],
  ])('takes four times as long for four times as much: %s', (what, bytes, chunkBytes) => {
    const [quarter, whole] = [bytes / 4, bytes].map((size) => {
      const [framing, message] = make(size);
      return cpuOf(() => expect(carry(framing, message, chunkBytes)).toBe(size));
    }) as [number, number];
    console.log(`${name}, ${what}: ${whole.toFixed(0)} ms, a quarter of it ${quarter.toFixed(0)} ms`);
    // Quadratic would be sixteen times. What is short is not measured.
    expect(whole).toBeLessThan(Math.max(10 * quarter, 300));
  });
});
