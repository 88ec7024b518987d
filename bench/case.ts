import type { Task } from './peer.js';

/** One row of the table. */
export interface Case {
  readonly name: string;
  readonly title: string;
  readonly kind: 'oneWay' | 'echo';
  readonly task: Task;
  /** The least ratio of ours to `raw-tuned`: of rates, or, for latencies, the largest. */
  readonly goal: { readonly rate?: number; readonly p50?: number; readonly p99?: number };
  /** How many times the best peer library ours should be. */
  readonly aheadOfPeers?: number;
}
