import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'vitest';

/** `true`: here. A text or `false`: missing, and why. `unreachable`: `scripts/peers.sh` found that no registry answers. */
export type Presence = boolean | string | { readonly unreachable: string };

declare module 'vitest' {
  interface TaskMeta {
    /** The peer that a skipped test would have talked to, and why it is not here. */
    missingPeer?: { readonly name: string; readonly reason: string };
  }
}

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

/**
 * A `describe` of specs that need a program from outside. Where that is missing they are skipped, each of them listed by name at the end of the run;
 * with `RX_TINYPROTO_REQUIRE_PEERS=1` a missing peer is a failure, except where the registry itself could not be reached.
 */
export function describePeer(name: string, available: () => Presence, body: () => void): void {
  const presence = available();
  if (presence === true) {
    describe(name, body);
    return;
  }
  const unreachable = typeof presence === 'object';
  const reason = unreachable ? presence.unreachable : presence || 'not here';
  if (process.env.RX_TINYPROTO_REQUIRE_PEERS === '1' && !unreachable) {
    describe(name, () => {
      it('is here', () => {
        throw new Error(`${name} is missing (${reason}), and RX_TINYPROTO_REQUIRE_PEERS=1 asks for it`);
      });
    });
    return;
  }
  describe.skip(name, { meta: { missingPeer: { name, reason } } }, body);
}
