import { type Observable, switchMap, timer } from 'rxjs';

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

/** A time as the platform's timers can have it: they take a longer one than some 24 days, `Infinity` above all, for a millisecond. */
export const timerMs = (ms: number): number => Math.min(ms, 2 ** 31 - 1);
