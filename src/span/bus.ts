import type { Observable } from 'rxjs';

/** What one process writes to all others, on a subject. */
export interface Letter {
  /** Who wrote it: one room, on the bus of one process. */
  readonly from: string;
  /** Its number among those of this writer on this subject, from 1. */
  readonly number: number;
  readonly bytes: Uint8Array;
}

/** How the way to the other processes stands. It is tried again for as long as somebody wants it. */
export type BusState =
  /** It was never up, so far. */
  | { readonly state: 'connecting' }
  /** What is published reaches the others, up to so many bytes a letter. */
  | { readonly state: 'up'; readonly maxLetterBytes: number }
  /** It is lost, or could not be had; `error` says why, where that is known. */
  | { readonly state: 'away'; readonly error?: unknown };

/**
 * A way between processes: a NATS server, the channel of a cluster, or a virtual one. The seam below rooms that span processes, for people who write another.
 *
 *     a publishes     -1-2-----3--
 *     b receives      --1-2-----3-     each once, in the order of the writer
 *     a receives      ------------     nobody hears itself
 *
 * It is open while `state$` or a `receive` is subscribed. Nothing it says comes inside the call that caused it. What is published while a receiver is away is lost to it: the room finds out by the numbers.
 */
export interface Bus {
  /** The name of this end, which no other has. */
  readonly id: string;
  /** The present state, then each change. When it says `up`, whoever was subscribed to `receive` before hears all that is published from now on. Never ends. */
  readonly state$: Observable<BusState>;
  /** What the others publish on a subject, over as many losses as there may be. Never ends. */
  receive(subject: string): Observable<Letter>;
  /**
   * Publishes when subscribed, in the order of subscription. Emits once and completes when the bus has the letter. Errors with a `SendError`: `bus-away`, and its fate says whether the others
   * may have it; `message-too-large`. Unsubscribing takes nothing back.
   */
  publish(subject: string, letter: Letter): Observable<void>;
  /** The last so many letters on a subject that it has kept, oldest first, those of lost processes and our own too. Absent where it keeps none. */
  readonly history?: (subject: string, count: number) => Observable<Letter>;
}
