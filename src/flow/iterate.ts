import type { Observable, Subscription } from 'rxjs';
import { type Hold, hold } from './hold.js';

/**
 * Asynchronous iteration over a stream that can be held: a message is consumed when the loop asks for the next, so that a slow loop
 * slows its peer. Leaving the loop (`break`, `return`, a throw) unsubscribes; the next reader continues behind the message it left at.
 */
export function iterate<T>(messages$: Observable<T>): AsyncIterator<T, undefined> {
  const arrived: [message: T, held: Hold][] = [];
  const asked: Ask<T>[] = [];
  let atWork: Hold | undefined;
  let end: ((...ask: Ask<T>) => void) | undefined;
  let subscription: Subscription | undefined;

  const give = () => {
    while (asked[0] && (arrived[0] || end)) {
      const ask = asked.shift() as Ask<T>;
      const [value, held] = arrived.shift() ?? [];
      if (held) {
        ask[0]({ value: value as T, done: false });
        // Who has asked for the one behind it, too, does not wait for it.
        if (asked[0]) held.release();
        else atWork = held;
      } else end?.(...ask);
    }
  };

  /** Nothing more comes: tells those who ask, each of them, that it is over; `how` may tell it otherwise. */
  const over = (how: typeof end = (resolve) => resolve({ value: undefined, done: true })) => {
    end = how;
    give();
  };

  const subscribe = () =>
    messages$.subscribe({
      next: (value) => {
        arrived.push([value, hold({ room: 0 })]);
        give();
      },
      // Told once: behind it there is nothing.
      error: (error) =>
        over((_, reject) => {
          reject(error);
          over();
        }),
      complete: () => over(),
    });

  return {
    next: () =>
      new Promise((...ask) => {
        asked.push(ask);
        const done = atWork;
        atWork = undefined;
        done?.release();
        if (!end) subscription ??= subscribe();
        give();
      }),
    return: async () => {
      subscription?.unsubscribe();
      atWork?.release();
      for (const [, held] of arrived.splice(0)) held.release();
      over();
      return { value: undefined, done: true };
    },
  };
}

type Ask<T> = [resolve: (result: IteratorResult<T, undefined>) => void, reject: (error: unknown) => void];
