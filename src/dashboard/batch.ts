/** What can happen on the row of a connection. `held` ends with `free`, `paused` with `open`; `failed` is a message, `error` the end of the connection. */
export type MarkKind = 'in' | 'out' | 'held' | 'free' | 'paused' | 'open' | 'closed' | 'failed' | 'error';

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
  readonly now: number;
  /** Names of the rows that have marks here; now and then, of all that are open. */
  readonly names: Readonly<Record<number, string>>;
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
