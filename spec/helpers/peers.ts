import { describe, it } from 'vitest';
import type { Presence } from './presence.js';

export { fetched, onPath, type Presence, peerFolder } from './presence.js';

declare module 'vitest' {
  interface TaskMeta {
    /** The peer that a skipped test would have talked to, and why it is not here. */
    missingPeer?: { readonly name: string; readonly reason: string };
  }
}

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
