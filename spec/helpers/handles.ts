import { afterEach, beforeEach } from 'vitest';
import { until } from '../contracts/wires.js';

/** What keeps a process alive: sockets, listeners, look-ups, timers. The runner has some of its own. */
export function handles(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** The handles that are there now and were not before, by name. */
export const handlesSince = (before: Record<string, number>): string[] =>
  Object.entries(handles())
    .filter(([name, count]) => count > (before[name] ?? 0) && name !== 'Immediate')
    .map(([name]) => name);

/** Each test of this file leaves as many handles as it found. */
export function leaveNoHandle(): void {
  let before: Record<string, number>;
  beforeEach(() => {
    before = handles();
  });
  afterEach(() =>
    until(
      () => handlesSince(before).length === 0,
      `no handle is left, but ${JSON.stringify(handles())} were ${JSON.stringify(before)}`,
      2_000,
    ),
  );
}
