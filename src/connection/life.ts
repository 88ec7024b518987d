import { AsyncSubject, type Observable } from 'rxjs';
import { reporting } from '../flow/report.js';
import type { Closed } from './connection.js';
import type { Failure } from './inbox.js';
import { type Event, lifecycle, type State } from './lifecycle.js';

/** How far a connection is, how it came to its end, and who is told. The subjects are made for those who ask: most connections end unobserved. */
export class Life {
  by: Closed['by'] | undefined;
  failure: Failure | undefined;
  /** What its handler has failed with, which is no failure of its own. */
  blame: Pick<Closed, 'handlerError'> | undefined;
  #state: State = 'opening';
  #outcome: Closed | undefined;
  #closed: AsyncSubject<Closed> | undefined;
  #finSent: AsyncSubject<void> | undefined;
  #isFinSent = false;
  #noFin: Failure | undefined;

  get state(): State {
    return this.#state;
  }

  /** Takes a step of the table, if it has one for this. */
  go(event: Event): boolean {
    const next = lifecycle[this.#state][event];
    if (next === undefined) return false;
    this.#state = next;
    if (event === 'finSent') this.#isFinSent = true;
    this.#tellAll();
    return true;
  }

  get closed$(): Observable<Closed> {
    this.#closed ??= new AsyncSubject();
    this.#tellAll();
    return this.#closed.asObservable();
  }

  /** Emits when our FIN is out; errors if the connection ends before. Replays. */
  get finSent$(): Observable<void> {
    this.#finSent ??= new AsyncSubject();
    this.#tellAll();
    return this.#finSent.asObservable();
  }

  /** No FIN of ours will go out any more. */
  noFin(error: unknown): void {
    this.#noFin = { error };
    this.#tellAll();
  }

  /** It has ended. The first call counts. */
  tell(unsent: readonly Uint8Array[], dropped: Closed['dropped']): void {
    this.#outcome ??= {
      by: this.by ?? 'us',
      ...(this.failure ?? this.blame),
      ...(unsent.length > 0 && { unsent }),
      dropped,
    };
    this.#tellAll();
  }

  /** What is so, to those who have asked for it. Once is enough, and more does nothing. */
  #tellAll(): void {
    reporting(() => {
      if (this.#isFinSent) emit(this.#finSent, undefined);
      else if (this.#noFin) this.#finSent?.error(this.#noFin.error);
      if (this.#outcome) emit(this.#closed, this.#outcome);
    });
  }
}

function emit<T>(subject: AsyncSubject<T> | undefined, value: T): void {
  subject?.next(value);
  subject?.complete();
}
