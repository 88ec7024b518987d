import { type Observable, switchMap, timer } from 'rxjs';
import { timerMs } from '../time.js';

/**
 * Emits when a time is over, and two turns of the loop more: after a stall timers run before sockets are read, and what lies in the kernel shall count.
 * `Infinity` never does.
 */
export function patience(ms: number): Observable<unknown> {
  return timer(timerMs(ms)).pipe(
    switchMap(() => timer(0)),
    switchMap(() => timer(0)),
  );
}

/** A time that can be meant. Of others the platform makes a millisecond. */
export function demandTimes(times: Readonly<Record<string, unknown>>): void {
  for (const [name, ms] of Object.entries(times)) {
    if (ms === undefined) continue;
    if (typeof ms !== 'number') throw new TypeError(`${name} is a number, not ${typeof ms}`);
    if (!(ms > 0)) throw new RangeError(`${name} is above 0, not ${ms}`);
  }
}
