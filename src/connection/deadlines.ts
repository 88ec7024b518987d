import { asyncScheduler, type Subscription, switchMap, timer } from 'rxjs';

/** The longest delay that the platform's timers know. */
const longestTimerMs = 2 ** 31 - 1;

/** The deadlines of one connection, by name, on one timer. */
export interface Deadlines<Name extends string> {
  /** Starts or restarts a deadline. `Infinity` is none. */
  set(name: Name, ms: number): void;
  clear(name: Name): void;
  /** Ends them all. */
  dispose(): void;
}

/**
 * Keeps any number of named deadlines with one pending timer, which is moved only to an earlier time and otherwise looks again when it
 * fires: a deadline that is restarted with each chunk costs a clock reading.
 *
 * After a stall of the event loop timers run before sockets are read. So a deadline that has passed waits for two more turns, in which
 * what lies in the kernel is read, and cuts only if nobody has moved it meanwhile.
 */
export function deadlines<Name extends string>(expired: (name: Name) => void): Deadlines<Name> {
  const due = new Map<Name, number>();
  let pending: Subscription | undefined;
  let pendingAt = Number.POSITIVE_INFINITY;

  const arm = (at: number) => {
    pending?.unsubscribe();
    pendingAt = at;
    const ms = Math.min(Math.max(at - asyncScheduler.now(), 0), longestTimerMs);
    pending = timer(ms).subscribe(look);
  };

  const look = () => {
    pendingAt = Number.POSITIVE_INFINITY;
    const now = asyncScheduler.now();
    const passed = [...due].filter(([, at]) => at <= now);
    if (passed.length === 0) armNext();
    else {
      pendingAt = now;
      pending = timer(0)
        .pipe(switchMap(() => timer(0)))
        .subscribe(() => cut(passed));
    }
  };

  const cut = (passed: [Name, number][]) => {
    pendingAt = Number.POSITIVE_INFINITY;
    for (const [name, at] of passed) {
      if (due.get(name) !== at) continue;
      due.delete(name);
      expired(name);
    }
    armNext();
  };

  const armNext = () => {
    const next = Math.min(...due.values());
    if (next < pendingAt) arm(next);
  };

  return {
    set(name, ms) {
      if (ms === Number.POSITIVE_INFINITY) {
        due.delete(name);
        return;
      }
      const at = asyncScheduler.now() + ms;
      due.set(name, at);
      if (at < pendingAt) arm(at);
    },
    clear(name) {
      due.delete(name);
    },
    dispose() {
      due.clear();
      pending?.unsubscribe();
      pendingAt = Number.NEGATIVE_INFINITY;
    },
  };
}
