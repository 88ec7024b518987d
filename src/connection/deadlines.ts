import { asyncScheduler, type Subscription, switchMap, timer } from 'rxjs';
import { timerMs } from '../time.js';

const never = Number.POSITIVE_INFINITY;

/**
 * The deadlines of one connection, by name, on one pending timer, which is moved only to an earlier time and otherwise looks again when it
 * fires: a deadline that is restarted with each chunk costs a clock reading.
 *
 * After a stall of the event loop timers run before sockets are read. So a deadline that has passed waits for two more turns, in which
 * what lies in the kernel is read, and cuts only if nobody has moved it meanwhile.
 */
export class Deadlines<Name extends string> {
  readonly #expired: (name: Name) => void;
  #due: Map<Name, number> | undefined;
  #pending: Subscription | undefined;
  #pendingAt = never;

  constructor(expired: (name: Name) => void) {
    this.#expired = expired;
  }

  /** Starts or restarts a deadline. `Infinity` is none. */
  set(name: Name, ms: number): void {
    if (ms === never) {
      this.clear(name);
      return;
    }
    const at = asyncScheduler.now() + ms;
    this.#due ??= new Map();
    this.#due.set(name, at);
    if (at < this.#pendingAt) this.#arm(at);
  }

  /** Its place is kept: it is set and cleared with each message, and to take a place out and put it in again costs several times as much. */
  clear(name: Name): void {
    if (this.#due?.has(name)) this.#due.set(name, never);
  }

  /** Ends them all. */
  dispose(): void {
    this.#due = undefined;
    this.#pending?.unsubscribe();
    this.#pendingAt = Number.NEGATIVE_INFINITY;
  }

  #arm(at: number): void {
    this.#pending?.unsubscribe();
    this.#pendingAt = at;
    const ms = timerMs(Math.max(at - asyncScheduler.now(), 0));
    this.#pending = asyncScheduler.schedule(look, ms, this);
  }

  /** @internal Time has come to see whose has. */
  look(): void {
    this.#fired();
    const now = asyncScheduler.now();
    const passed = [...(this.#due ?? [])].filter(([, at]) => at <= now);
    if (passed.length === 0) this.#armNext();
    else {
      this.#pendingAt = now;
      this.#pending = timer(0)
        .pipe(switchMap(() => timer(0)))
        .subscribe(() => this.#cut(passed));
    }
  }

  #cut(passed: readonly [Name, number][]): void {
    // First, because what expires may set another one.
    this.#fired();
    for (const [name, at] of passed) {
      if (this.#due?.get(name) !== at) continue;
      this.#due.delete(name);
      this.#expired(name);
    }
    this.#armNext();
  }

  #fired(): void {
    this.#pending = undefined;
    this.#pendingAt = never;
  }

  #armNext(): void {
    const next = Math.min(...(this.#due?.values() ?? []));
    // Nothing is kept for a connection that waits for nothing.
    if (next === never) this.#due = undefined;
    if (next < this.#pendingAt) this.#arm(next);
  }
}

function look(deadlines?: { look(): void }): void {
  deadlines?.look();
}
