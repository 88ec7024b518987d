import type { Peer } from './peer.js';

export type Kind = 'oneWay' | 'echo' | 'relay' | 'broadcast' | 'idle';

/** One process of a run. */
export interface Stage {
  /** What its figures are called. */
  readonly side: 'server' | 'client' | 'relay';
  readonly role: Exclude<keyof Peer, 'name'>;
  /** Who plays it, if it is not the one that is measured. */
  readonly by?: string;
  /** Whether messages are counted here. */
  readonly counts?: boolean;
}

/** The processes of a run, in the order in which they start: each is told where the one before it listens. */
export const kinds: Readonly<Record<Kind, readonly Stage[]>> = {
  oneWay: [
    { side: 'server', role: 'sink', counts: true },
    { side: 'client', role: 'source' },
  ],
  echo: [
    { side: 'server', role: 'echoServer' },
    { side: 'client', role: 'echoClient', counts: true },
  ],
  relay: [
    { side: 'server', role: 'sink', by: 'raw-tuned', counts: true },
    { side: 'relay', role: 'relay' },
    { side: 'client', role: 'source', by: 'raw-tuned' },
  ],
  broadcast: [
    { side: 'server', role: 'broadcaster' },
    { side: 'client', role: 'audience', counts: true },
  ],
  idle: [
    { side: 'server', role: 'idle', counts: true },
    { side: 'client', role: 'audience', by: 'raw-tuned' },
  ],
};
