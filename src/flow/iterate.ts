import type { Observable, Subscription } from 'rxjs';
import { type Hold, hold } from './hold.js';

/**
 * Asynchronous iteration over a stream that can be held: a message is consumed when the loop asks for the next, so that a slow loop
 * slows its peer. Leaving the loop (`break`, `return`, a throw) unsubscribes; the next reader continues behind the message it left at.
 */
export function iterate<T>(messages$: Observable<T>): AsyncIterator<T, undefined> {
  const arrived: { value: T; held: Hold }[] = [];
  const asked: { resolve(result: IteratorResult<T, undefined>): void; reject(error: unknown): void }[] = [];
  let atWork: Hold | undefined;
  let end: { readonly failure?: { readonly error: unknown } } | undefined;
  let subscription: Subscription | undefined;

  const give = () => {
    while (asked.length > 0) {
      const message = arrived.shift();
      if (message === undefined && end === undefined) return;
      const ask = asked.shift();
      if (message) {
        ask?.resolve({ value: message.value, done: false });
        // Who has asked for the one behind it, too, does not wait for it.
        if (asked.length > 0) message.held.release();
        else atWork = message.held;
      } else if (end?.failure) {
        ask?.reject(end.failure.error);
        end = {};
      } else {
        ask?.resolve({ value: undefined, done: true });
      }
    }
  };

  const subscribe = () =>
    messages$.subscribe({
      next: (value) => {
        arrived.push({ value, held: hold({ room: 0 }) });
        give();
      },
      error: (error) => {
        end = { failure: { error } };
        give();
      },
      complete: () => {
        end = {};
        give();
      },
    });

  return {
    next: () =>
      new Promise((resolve, reject) => {
        asked.push({ resolve, reject });
        const done = atWork;
        atWork = undefined;
        done?.release();
        if (!end) subscription ??= subscribe();
        give();
      }),
    return: async () => {
      end = {};
      subscription?.unsubscribe();
      atWork?.release();
      for (const { held } of arrived.splice(0)) held.release();
      give();
      return { value: undefined, done: true };
    },
  };
}
