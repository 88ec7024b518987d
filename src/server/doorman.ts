import type { AddressList } from '../transport/proxy-options.js';
import type { BoundAddress } from '../transport/transport.js';
import { addressTable, isListed, type PerAddressLimits } from './address-table.js';

/**
 * Why somebody was not let in: `connections`, too many in all (`maxConnections`); `connections-of-address` and `rate-of-address`, too many of that address, or too fast (`perAddress`);
 * `not-allowed`, by `allow` or `deny`.
 */
export type Refusal = 'connections' | 'connections-of-address' | 'rate-of-address' | 'not-allowed';

/** Who may come in, and how many. */
export interface DoorOptions {
  /** How many connections may be open or opening at once, a TLS handshake included. @default 10,000, or 80 % of the process's file descriptors where that is less */
  readonly maxConnections?: number;
  /** Who may come in, by address: a `net.BlockList`, or your own. Others are reset. @default everybody */
  readonly allow?: AddressList;
  /** Who may not, even where `allow` says so. @default nobody */
  readonly deny?: AddressList;
  /** What one address may do. */
  readonly perAddress?: PerAddressLimits;
}

/** Stands at the door of a server. */
export interface Doorman {
  /** Lets somebody in, and counts it until it leaves, or says why not. */
  admit(remote: BoundAddress): Refusal | undefined;
  leave(remote: BoundAddress): void;
}

/** Unix sockets have no addresses: there the permissions of the file say who may come, and only `maxConnections` counts. */
export function doorman({ allow, deny, perAddress }: DoorOptions, maxConnections: number): Doorman {
  const table = addressTable(perAddress);
  let open = 0;

  function refusalOf(remote: BoundAddress): Refusal | undefined {
    if ('path' in remote) return open >= maxConnections ? 'connections' : undefined;
    const { host } = remote;
    if ((deny && isListed(deny, host)) || (allow && !isListed(allow, host))) return 'not-allowed';
    const refusal = table.enter(host);
    if (refusal === undefined && open >= maxConnections) {
      table.leave(host);
      return 'connections';
    }
    return refusal;
  }

  return {
    admit(remote) {
      const refusal = refusalOf(remote);
      if (refusal === undefined) open += 1;
      return refusal;
    },
    leave(remote) {
      open -= 1;
      if ('host' in remote) table.leave(remote.host);
    },
  };
}

/** @throws TypeError for what is no list */
export function demandLists({ allow, deny, perAddress }: DoorOptions): void {
  for (const [name, list] of Object.entries({ allow, deny, 'perAddress.exempt': perAddress?.exempt })) {
    if (list !== undefined && typeof list.check !== 'function')
      throw new TypeError(`${name} is a net.BlockList, or has a check as it has, but is ${typeof list}`);
  }
  addressTable(perAddress); // throws now for limits that are none
}
