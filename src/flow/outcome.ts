import { Observable, type Subscriber } from 'rxjs';

/** Who waits for many outcomes: of all that it has begun on one road it is told in that order. */
export interface Awaiting {
  /** Whether its messages give way to answers: see `FramingMachine.canBegin`. */
  readonly isStream: boolean;
  /** So many more were taken. */
  taken(count: number): void;
  failed(error: unknown): void;
}

/** Where messages begin. Gives back what takes one back, if that can still be done; throws, or tells of, what makes it impossible. */
export interface Road<M> {
  begin(message: M, who: Awaiting | Subscriber<void>): (() => void) | undefined;
}

/**
 * What a `send` gives. Subscribed to it is an Observable like any other; but who has many of them need not have a subscriber for each, and is told together of those
 * that left together.
 */
export class Outcome<M = unknown> extends Observable<void> {
  constructor(
    readonly road: Road<M>,
    readonly message: M,
  ) {
    super((subscriber) => road.begin(message, subscriber));
  }
}
