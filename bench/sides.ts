import type { Stage } from './kinds.js';
import type { Reading } from './meter.js';
import type { Task } from './peer.js';

/** What a process of a run is started with. */
export interface Orders extends Pick<Stage, 'role' | 'counts'> {
  readonly peer: string;
  readonly task: Task;
  /** Where the process before it listens. */
  readonly port: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export type FromSide =
  | { readonly is: 'listening'; readonly port: number }
  | { readonly is: 'began' }
  | { readonly is: 'ended'; readonly reading: Reading };
