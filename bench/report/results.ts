import type { Case } from '../case.js';
import type { Run } from '../measure.js';

/** Everything that one run of the bench has found, as it is kept. */
export interface Results {
  readonly date: string;
  readonly node: string;
  readonly machine: string;
  readonly repeat: number;
  readonly measureMs: number;
  readonly rows: readonly Row[];
  /** Bytes, minified and gzipped, without RxJS. */
  readonly sizes: Readonly<Record<string, number>>;
}

export interface Row {
  readonly case: Case;
  /** Round by round, for each who took part. */
  readonly runs: Readonly<Record<string, readonly Run[]>>;
}
