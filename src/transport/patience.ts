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
