import { asyncScheduler } from 'rxjs';
import { positive } from '../connection/options.js';
import type { AddressList } from '../transport/proxy-options.js';
import { addressKey, isLoopback } from './address-key.js';

/** What one address may do, so that it cannot take what is there for all. An address is an IPv4 address, or an IPv6 network of 64 bits. */
export interface PerAddressLimits {
  /** Connections that may be open or opening at once. @default 1,000, a tenth of what a server has */
  readonly maxConnections?: number;
  /** How many may come each second, in the long run. @default 100 */
  readonly acceptsPerSecond?: number;
  /** How many may come at once after a time of rest: all the clients behind one router, when the server is back. @default 1,000 */
  readonly burst?: number;
  /** Addresses without connections of which the rate is remembered; of more, those that have rested the longest are forgotten. @default 10,000 */
  readonly maxAddresses?: number;
  /** Addresses that are not limited. @default loopback, where nobody comes from outside, and a proxy comes for many */
  readonly exempt?: AddressList;
}

/** What is known of an address. `tokens` were left at the time `at`. */
interface Guest {
  open: number;
  tokens: number;
  at: number;
}

/** Who is here, by address. */
export interface AddressTable {
  /** Counts somebody who comes. Says which limit it is that stands against it, if one does. */
  enter(host: string): 'connections-of-address' | 'rate-of-address' | undefined;
  leave(host: string): void;
  /** For specs: addresses that are remembered, but for the exempt. */
  readonly size: number;
}

/**
 * Counts connections by address, and how fast they come, with a bucket of tokens each: `burst` of them at most, `acceptsPerSecond` new ones a second.
 *
 * No timer runs: a bucket is filled up when somebody comes. The table is bounded: with a connection, an address counts to the connections; without, to `maxAddresses`.
 */
export function addressTable(limits: PerAddressLimits = {}): AddressTable {
  const maxConnections = positive('perAddress.maxConnections', limits.maxConnections ?? 1_000);
  const perSecond = positive('perAddress.acceptsPerSecond', limits.acceptsPerSecond ?? 100);
  const burst = positive('perAddress.burst', limits.burst ?? 1_000);
  const maxAddresses = positive('perAddress.maxAddresses', limits.maxAddresses ?? 10_000);
  const { exempt } = limits;
  const isExempt = (host: string) => (exempt ? isListed(exempt, host) : isLoopback(host));
  const here = new Map<string, Guest>();
  /** How many are open of each exempt host: a list may say something else by the time they leave. */
  const exempted = new Map<string, number>();
  /** In the order in which they began to rest. */
  const resting = new Map<string, Guest>();

  function guestOf(key: string): Guest {
    const now = asyncScheduler.now();
    const guest = here.get(key) ?? resting.get(key) ?? { open: 0, tokens: burst, at: now };
    const since = Math.max(0, now - guest.at); // a clock may be set back
    guest.tokens = Math.min(burst, guest.tokens + (since / 1_000) * perSecond);
    guest.at = now;
    return guest;
  }

  function rest(key: string, guest: Guest): void {
    resting.delete(key);
    resting.set(key, guest);
    const [oldest] = resting.keys();
    if (resting.size > maxAddresses && oldest !== undefined) resting.delete(oldest);
  }

  return {
    enter(host) {
      if (isExempt(host)) {
        exempted.set(host, (exempted.get(host) ?? 0) + 1);
        return undefined;
      }
      const key = addressKey(host);
      const guest = guestOf(key);
      if (guest.tokens < 1) {
        if (guest.open === 0) rest(key, guest);
        return 'rate-of-address';
      }
      guest.tokens -= 1;
      if (guest.open >= maxConnections) return 'connections-of-address';
      guest.open += 1;
      resting.delete(key);
      here.set(key, guest);
      return undefined;
    },
    leave(host) {
      const open = exempted.get(host);
      if (open !== undefined) {
        if (open > 1) exempted.set(host, open - 1);
        else exempted.delete(host);
        return;
      }
      const key = addressKey(host);
      const guest = here.get(key);
      if (!guest) return;
      guest.open -= 1;
      if (guest.open > 0) return;
      here.delete(key);
      rest(key, guest);
    },
    get size() {
      return here.size + resting.size;
    },
  };
}

/**
 * Whether an address is on a list. Node's `BlockList` finds IPv4 addresses by itself where IPv6 carries them.
 *
 * @throws TypeError for an answer that is none: a promise would let everybody in
 */
export function isListed(list: AddressList, host: string): boolean {
  const answer: unknown = list.check(host, host.includes(':') ? 'ipv6' : 'ipv4');
  if (typeof answer !== 'boolean')
    throw new TypeError(`A list says true or false of an address, at once, and not ${typeof answer}`);
  return answer;
}
