import { afterEach, beforeEach } from 'vitest';
import { handles, handlesSince } from '../helpers/handles.js';
import { until } from './wires.js';

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
