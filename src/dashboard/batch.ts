/**
 * What can happen on the row of a connection. `opened` begins it, `closed` and `error` end it; `held` ends with `free`, `paused` with `open`; `failed` is a message that was
 * not sent, or a handler's error.
 */
export type MarkKind =
  | 'opened'
  | 'in'
  | 'out'
  | 'held'
  | 'free'
  | 'paused'
  | 'open'
  | 'closed'
  | 'failed'
  | 'error';

/** Something that happened, as it is told to pages. */
export interface Mark {
  readonly row: number;
  /** Milliseconds since the dashboard was made. */
  readonly at: number;
  readonly kind: MarkKind;
  /** Bytes of a message, and the first of them in hex. */
  readonly size?: number;
  readonly hex?: string;
  /** How it closed, or what failed. */
  readonly note?: string;
}

/** What happened in a tenth of a second. */
export interface Batch {
  /** When the dashboard was made: another one has other rows, and another clock. */
  readonly began: number;
  readonly now: number;
  /** Names of the rows that have marks here. */
  readonly names: Readonly<Record<number, string>>;
  /** Whether they are those of all that are open: so it is now and then, for who has missed something. */
  readonly everybody: boolean;
  readonly marks: readonly Mark[];
  /** Messages that are not among the marks: there were too many. */
  readonly skipped: number;
  /** Everything since the dashboard was made, whatever was skipped. */
  readonly counts: Counts;
}

export interface Counts {
  readonly open: number;
  readonly in: number;
  readonly out: number;
  readonly errors: number;
}
