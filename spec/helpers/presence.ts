import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** `true`: here. A text or `false`: missing, and why. `unreachable`: `scripts/peers.sh` found that no registry answers. */
export type Presence = boolean | string | { readonly unreachable: string };

/** Where `scripts/peers.sh` puts what it fetches: one folder a peer, and `<peer>.unreachable` where that could not be. */
const peersFolder = fileURLToPath(new URL('../../.peers/', import.meta.url));

/** The folder of a fetched peer, for a `PYTHONPATH`: `peerFolder('tinyproto-3.0')`. */
export const peerFolder = (peer: string): string => `${peersFolder}${peer}`;

/** Whether `scripts/peers.sh` has fetched a peer: `describePeer('tinyproto 3.0', fetched('tinyproto-3.0'), …)`. */
export const fetched = (peer: string) => (): Presence => {
  if (existsSync(`${peerFolder(peer)}/.complete`)) return true;
  const record = `${peerFolder(peer)}.unreachable`;
  if (existsSync(record)) return { unreachable: readFileSync(record, 'utf8').trim() };
  return 'not fetched: run scripts/peers.sh';
};

/** Whether a command is on the PATH: `describePeer('Python', onPath('python3'), …)`. */
export const onPath = (command: string) => (): Presence =>
  (process.env.PATH ?? '').split(':').some((folder) => existsSync(`${folder}/${command}`)) ||
  `no ${command} on the PATH`;
