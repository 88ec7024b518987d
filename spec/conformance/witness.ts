import { Observable, type Observer, type Subscriber, Subscription } from 'rxjs';

/**
 * Passes on what a source says, and tells when it says something behind its end. A subscriber of RxJS would keep that to itself; this one is taken as it is,
 * because it has all that a subscriber has.
 */
class Witness<T> extends Subscription implements Observer<T> {
  #ended = false;

  constructor(
    readonly out: Subscriber<T>,
    readonly tell: (what: string) => void,
  ) {
    super();
  }

  next(value: T): void {
    if (this.#ended) this.tell('a value behind its end');
    else if (!this.closed) this.out.next(value);
  }

  error(error: unknown): void {
    this.#end('an error', () => this.out.error(error));
  }

  complete(): void {
    this.#end('a completion', () => this.out.complete());
  }

  #end(what: string, pass: () => void): void {
    if (this.#ended) this.tell(`${what} behind its end`);
    this.#ended = true;
    if (this.closed) return;
    this.unsubscribe();
    pass();
  }
}

/** The same source, seen by a witness. */
export const witnessed = <T>(source: Observable<T>, tell: (what: string) => void): Observable<T> =>
  new Observable<T>((subscriber) => {
    const witness = new Witness(subscriber, tell);
    source.subscribe(witness as unknown as Subscriber<T>);
    return witness;
  });
