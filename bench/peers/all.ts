import type { Peer } from '../peer.js';

/** Each is loaded in the processes that run it, and nowhere else. */
export const peers = {
  'rx-tinyproto': async (): Promise<Peer> => (await import('./ours.js')).ours,
  'raw-tuned': async (): Promise<Peer> => (await import('./raw-tuned.js')).rawTuned,
};
