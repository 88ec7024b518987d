import { asyncScheduler, type Subscription, switchMap, timer } from 'rxjs';
import { timerMs } from '../time.js';

/**
 * Deadlines by name, on one pending timer, which is moved only to an earlier time and otherwise looks again when it fires: a deadline that is restarted with each
 * chunk costs a clock reading.
 *
 * After a stall of the event loop timers run before sockets are read. So a deadline that has passed waits for two more turns, in which what lies in the kernel is
 * read, and cuts only if nobody has moved it meanwhile.
 */
export class Deadlines<Name extends string> {
  readonly #on: { expired(name: Name): void };
  /** The place of one that is over is kept: it is set and cleared with each message, and to take a place out and put it in again costs several times as much. */
  #due: Partial<Record<Name, number>> = {};
  #pending: Subscription | undefined;
  #pendingAt = Infinity;

  constructor(on: { expired(name: Name): void }) {
    this.#on = on;
  }

  /** Starts or restarts a deadline, or ends it: without a time. */
  set(name: Name, ms = Infinity): void {
    // To end one needs no look at the clock, which would show.
    const at = ms < Infinity ? asyncScheduler.now() + ms : ms;
    this.#due[name] = at;
    this.#arm(at);
  }

  /** Ends them all. */
  dispose(): void {
    this.#pending?.unsubscribe();
    this.#pendingAt = -Infinity;
    this.#due = {};
  }

  #arm(at: number): void {
    if (at >= this.#pendingAt) return;
    this.#pending?.unsubscribe();
    this.#pendingAt = at;
    this.#pending = asyncScheduler.schedule(
      () => this.#look(),
      timerMs(Math.max(at - asyncScheduler.now(), 0)),
    );
  }

  /** Time has come to see whose has. */
  #look(): void {
    const now = asyncScheduler.now();
    const passed = (Object.entries(this.#due) as [Name, number][]).filter(([, at]) => at <= now);
    if (passed.length)
      this.#pending = timer(0)
        .pipe(switchMap(() => timer(0)))
        .subscribe(() => this.#cut(passed));
    else this.#armNext();
  }

  /** What expires may set others: they are armed behind it. */
  #cut(passed: readonly [Name, number][]): void {
    for (const [name, at] of passed)
      if (this.#due[name] === at) {
        this.#due[name] = Infinity;
        this.#on.expired(name);
      }
    this.#armNext();
  }

  #armNext(): void {
    this.#pendingAt = Infinity;
    this.#arm(Math.min(...(Object.values(this.#due) as number[])));
  }
}
