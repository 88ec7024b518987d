import { describe, expect, it } from 'vitest';
import { Deadlines } from '../../src/connection/deadlines.js';
import { inVirtualTime } from '../../src/testing/virtual-time.js';

describe('Deadlines', () => {
  it('leave no timer behind when they are disposed of, though one that expired has set another', () => {
    inVirtualTime((time) => {
      const expired: string[] = [];
      const timers = new Deadlines<'quiet' | 'answer'>({
        expired(name) {
          expired.push(name);
          if (name === 'quiet') timers.set('answer', 30_000);
        },
      });
      timers.set('quiet', 10);
      time.flow(20);
      expect(expired).toEqual(['quiet']);
      expect(time.scheduler.actions).toHaveLength(1);
      timers.dispose();
      expect(time.scheduler.actions).toEqual([]);
    });
  });

  it('expire in their time, also those that were set by another', () => {
    inVirtualTime((time) => {
      const expired: string[] = [];
      const timers = new Deadlines<'quiet' | 'answer'>({
        expired(name) {
          expired.push(`${name} at ${time.now}`);
          if (name === 'quiet') timers.set('answer', 100);
        },
      });
      timers.set('quiet', 10);
      expect(time.flow(1_000)).toBe(true);
      expect(expired).toEqual(['quiet at 10', 'answer at 110']);
    });
  });
});
