import { formatAddress, parseAddress } from '../transport/address.js';
import type { Address } from '../transport/transport.js';
import type { Timed } from './diagram.js';
import type { Recorder, ToBe } from './expectations.js';
import {
  atOnce,
  byFrame,
  oneByOne,
  type PeerInside,
  patiently,
  plainMark,
  type RawPeer,
  rawPeer,
} from './raw-peer.js';
import type { Row } from './scene.js';
import type { VirtualNetwork } from './virtual-network.js';
import type { VirtualTime } from './virtual-time.js';

/** Peers that know no protocol. */
export interface PeerHelpers {
  /** A raw peer that dials, at the start of the test, from a host of its own name if one is given. */
  peer(address: Address, options?: { readonly from?: string }): RawPeer;
  /** A raw peer that listens; called again for the same address, it is the one that the next connection comes to. */
  accepts(address: Address): RawPeer;
  /**
   * Expects the bytes that a raw peer gets, `|` for FIN and `#` for RST. What came in one millisecond is one piece, however it was cut, unless `chunks` is set. With
   * `anytime`, only the bytes and the end count.
   */
  expectBytes(
    peer: RawPeer,
    options?: { readonly chunks?: boolean; readonly anytime?: boolean },
  ): ToBe<Uint8Array | string>;
}

export function peers(
  time: VirtualTime,
  net: VirtualNetwork,
  record: Recorder,
  rows: Row[],
): { readonly helpers: PeerHelpers; unsaid(): readonly string[]; leave(): void } {
  const all = new Map<RawPeer, PeerInside>();
  const expected = new Set<RawPeer>();
  const doors = new Map<string, ReturnType<typeof oneByOne>>();

  function add(inside: PeerInside): RawPeer {
    all.set(inside.peer, inside);
    rows.push({ name: `${inside.peer.name} sends`, kind: 'wire', marks: inside.sent });
    return inside.peer;
  }

  function doorAt(address: Address): ReturnType<typeof oneByOne> {
    const name = formatAddress(parseAddress(address, 'listen'));
    const door = doors.get(name) ?? oneByOne(net.listen(address));
    doors.set(name, door);
    return door;
  }

  const numbered = (name: string) => {
    const same = [...all.keys()].filter(
      (each) => each.name === name || each.name.startsWith(`${name} `),
    ).length;
    return same > 0 ? `${name} ${same + 1}` : name;
  };

  return {
    helpers: {
      peer(address, { from } = {}) {
        const transport = from === undefined ? net : net.host(from);
        return add(rawPeer(time, numbered(from ?? 'peer'), patiently(time, transport.dial(address))));
      },
      accepts: (address) => add(rawPeer(time, numbered('server'), doorAt(address).next())),
      expectBytes(peer, { chunks = false, anytime = false } = {}) {
        const received = all.get(peer)?.received;
        if (!received) throw new TypeError('expectBytes is for the peers of this test');
        expected.add(peer);
        const pieces = (marks: readonly Timed[]) => marks.map(plainMark);
        const normal = anytime ? atOnce : chunks ? pieces : byFrame;
        return record.expectRow<Uint8Array | string>(
          `${peer.name} gets`,
          received as readonly Timed<Uint8Array>[],
          normal,
        );
      },
    },
    /** Who had more to say: a test that expects nothing of them would not tell. */
    unsaid: () =>
      [...all.values()]
        .filter(({ peer, isSilenced }) => !expected.has(peer) && isSilenced())
        .map(({ peer }) => peer.name),
    leave() {
      for (const { hangUp } of all.values()) hangUp();
      for (const door of doors.values()) door.close();
    },
  };
}
