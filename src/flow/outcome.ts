import { Observable } from 'rxjs';

/** Who waits for many outcomes: of all that it has begun on one road it is told in that order. */
export interface Awaiting {
  readonly isStream: boolean;
  /** So many more were taken. */
  taken(count: number): void;
  failed(error: unknown): void;
}

/**
 * What a `send` gives. Subscribed to it is an Observable like any other; but who has many of them need not have a subscriber for each, and is told together of those
 * that left together.
 */
export abstract class Outcome extends Observable<void> {
  /** Those of one road come in the order in which they were begun. */
  abstract readonly road: object;

  /** Begins as a subscription does; what that would error with is thrown, or told. Gives back what takes it back, if that can still be done. */
  abstract beginFor(awaiting: Awaiting): (() => void) | undefined;
}
