import { Observable, type Subscriber } from 'rxjs';

const nobody: readonly never[] = [];

/**
 * A value that comes once: told to those who wait for it, and at once to those who come later.
 *
 *     tell     -----a
 *     value$   -----(a|)
 *     later          (a|)
 *
 * An `AsyncSubject`, but for what that makes for each who waits: a server has ten thousand wires, and each has two who wait for its end.
 */
export class Once<T> {
  #waiting: readonly Subscriber<T>[] = nobody;
  #told: { readonly value: T } | undefined;

  get value$(): Observable<T> {
    return new Observable((subscriber) => this.#add(subscriber));
  }

  /** The first call counts. */
  tell(value: T): void {
    if (this.#told) return;
    this.#told = { value };
    const waiting = this.#waiting;
    this.#waiting = nobody;
    for (const subscriber of waiting) hand(value, subscriber);
  }

  #add(subscriber: Subscriber<T>): void {
    if (this.#told) hand(this.#told.value, subscriber);
    // Whoever has left is forgotten when the next comes, and costs nothing until then.
    else this.#waiting = this.#waiting.filter(({ closed }) => !closed).concat(subscriber);
  }
}

function hand<T>(value: T, subscriber: Subscriber<T>): void {
  subscriber.next(value);
  subscriber.complete();
}
