import type { Reading } from './meter.js';
import type { Task } from './peer.js';

/** What a process of a run is started with. */
export interface Orders {
  readonly peer: string;
  readonly kind: 'oneWay' | 'echo';
  readonly side: 'server' | 'client';
  readonly task: Task;
  /** The server's, for the client. */
  readonly port: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export type FromSide =
  | { readonly is: 'listening'; readonly port: number }
  | { readonly is: 'began' }
  | { readonly is: 'ended'; readonly reading: Reading };
