import type { Kind } from './kinds.js';
import type { Task } from './peer.js';

/** What is compared: messages in a second, or in a second of the server's processor time; round trips; memory. */
export type Measure = 'rate' | 'cpu' | 'latency' | 'memory';

/** One row of the table. */
export interface Case {
  readonly name: string;
  readonly title: string;
  readonly kind: Kind;
  readonly task: Task;
  readonly measure: Measure;
  /** What is asked of ours, as a multiple of `raw-tuned`: at least so much of a rate, at most of anything else. */
  readonly goal: number;
  /** The same for the slowest round trips in a hundred. */
  readonly goalAt99?: number;
  /** How many times the best other library ours should be. */
  readonly aheadOfPeers?: number;
}
