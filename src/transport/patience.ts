import { type Observable, switchMap, timer } from 'rxjs';

/**
 * Emits when a time is over, and two turns of the loop more: after a stall timers run before sockets are read, and what lies in the kernel shall count.
 * `Infinity` never does.
 */
export function patience(ms: number): Observable<unknown> {
  return timer(Math.min(ms, longestTimerMs)).pipe(
    switchMap(() => timer(0)),
    switchMap(() => timer(0)),
  );
}

/** The longest delay that the platform's timers know: some 24 days, which is for ever here. */
const longestTimerMs = 2 ** 31 - 1;
