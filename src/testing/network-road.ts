import type { SchedulerLike } from 'rxjs';
import type { WireErrorCode } from '../errors.js';
import { formatAddress } from '../transport/address.js';
import type { BoundAddress } from '../transport/transport.js';
import { waitMs } from './demands.js';

/** What travels on a lane, in order. FIN and RST take no room in the window. */
export type Item = Uint8Array | 'fin' | 'rst';

/** Something on its way on a virtual network: the bytes of a chunk, a FIN, an RST, or a dial that has yet to become a wire. */
export interface Passing {
  readonly kind: 'bytes' | 'fin' | 'rst' | 'dial';
  /** Empty but for `bytes`. */
  readonly bytes: Uint8Array;
  readonly from: BoundAddress;
  readonly to: BoundAddress;
  /** Which wire of the network it is, from 1; of a dial, which one it would be. */
  readonly wire: number;
}

/**
 * What becomes of it. Nothing: it passes.
 *
 * `hold`: it waits, and everything behind it, until the rules change. `reset`: both ends of the wire see RST in its place. `delayMs`: it comes that much later, and
 * nothing overtakes it. `cut`: a chunk arrives in pieces of at most so many bytes, the last number for all that is left. `fail`: a dial fails.
 */
export type Verdict =
  | undefined
  // biome-ignore lint/suspicious/noConfusingVoidType: a rule without a return says nothing
  | void
  | 'hold'
  | 'reset'
  | { readonly delayMs?: number; readonly cut?: readonly number[]; readonly fail?: WireErrorCode };

/** Judges whatever sets out. It may keep state of its own; for what was held it is asked again. */
export type Rule = (passing: Passing) => Verdict;

/** All rules as one. */
export interface Judgement {
  readonly hold: boolean;
  readonly reset: boolean;
  readonly delayMs: number;
  readonly cuts: readonly (readonly number[])[];
  readonly fail: WireErrorCode | undefined;
}

/** Asks every rule, until one says `hold`. */
export function judge(rules: Iterable<Rule>, passing: Passing): Judgement {
  const cuts: (readonly number[])[] = [];
  let delayMs = 0;
  let reset = false;
  let fail: WireErrorCode | undefined;
  for (const rule of rules) {
    const verdict = rule(passing);
    if (verdict === 'hold') return { hold: true, reset: false, delayMs: 0, cuts: [], fail: undefined };
    if (verdict === 'reset') reset = true;
    else if (verdict) {
      delayMs += waitMs('delayMs', verdict.delayMs ?? 0);
      fail ??= verdict.fail;
      if (verdict.cut) cuts.push(verdict.cut);
    }
  }
  return { hold: false, reset, delayMs, cuts, fail };
}

/** One direction of a wire, between the two windows. */
export interface Road {
  /** Takes what sets out. */
  carry(item: Item): void;
  /** The rules have changed: what waits is judged again. */
  retry(): void;
  /** Lets something arrive that nobody sent: FIN behind what is on its way, RST in its place. Nothing comes after it. */
  inject(item: 'fin' | 'rst'): void;
  /** Bytes under way or held. */
  readonly pendingBytes: number;
  readonly from: BoundAddress;
  readonly to: BoundAddress;
}

export interface RoadOptions {
  readonly scheduler: SchedulerLike;
  readonly latencyMs: number;
  readonly cut: (chunk: Uint8Array) => readonly Uint8Array[];
  readonly rules: Iterable<Rule>;
  readonly from: BoundAddress;
  readonly to: BoundAddress;
  readonly wire: number;
  readonly arrive: (item: Item) => void;
  /** A rule wants the wire reset. */
  readonly reset: () => void;
}

const nothing = new Uint8Array(0);

/** Brings what sets out to the other end, in order: after the latency, and as the rules say. */
export function road(options: RoadOptions): Road {
  const { scheduler, latencyMs, cut, rules, from, to, wire, arrive } = options;
  const waiting: Item[] = [];
  const onItsWay: Item[] = [];
  let pendingBytes = 0;
  let latestArrival = 0;
  let closed = false;

  function move(): void {
    for (let item = waiting[0]; item !== undefined && !closed; item = waiting[0]) {
      const verdict = judge(rules, { kind: kindOf(item), bytes: bytesOf(item), from, to, wire });
      if (verdict.hold) return;
      waiting.shift();
      if (verdict.reset) options.reset();
      else for (const piece of pieces(item, cut, verdict.cuts)) depart(piece, verdict.delayMs);
    }
  }

  function depart(item: Item, delayMs: number): void {
    const now = scheduler.now();
    latestArrival = Math.max(latestArrival, now + latencyMs + delayMs);
    onItsWay.push(item);
    // Whichever task comes first takes what left first: so nothing overtakes, whatever the scheduler.
    scheduler.schedule(reach, latestArrival - now);
  }

  function reach(): void {
    const item = onItsWay.shift();
    if (item === undefined) return;
    pendingBytes -= bytesOf(item).length;
    arrive(item);
  }

  return {
    carry(item) {
      if (closed) return;
      pendingBytes += bytesOf(item).length;
      waiting.push(item);
      move();
    },
    retry: move,
    inject(item) {
      if (closed) return;
      closed = true;
      waiting.length = pendingBytes = 0;
      if (item === 'rst') onItsWay.length = 0;
      depart(item, 0);
    },
    get pendingBytes() {
      return Math.max(0, pendingBytes);
    },
    from,
    to,
  };
}

function pieces(
  item: Item,
  cut: (chunk: Uint8Array) => readonly Uint8Array[],
  cuts: readonly (readonly number[])[],
): readonly Item[] {
  if (!(item instanceof Uint8Array)) return [item];
  let all = cut(item);
  for (const sizes of cuts) all = all.flatMap((chunk) => cutInto(chunk, sizes));
  return all.filter((piece) => piece.length > 0);
}

/** Cuts a chunk into pieces of these sizes, the last one for all that is left. */
function cutInto(chunk: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const all: Uint8Array[] = [];
  let at = 0;
  for (let index = 0; at < chunk.length; index++) {
    const size = Math.max(1, sizes[Math.min(index, sizes.length - 1)] ?? chunk.length);
    all.push(chunk.subarray(at, at + size));
    at += size;
  }
  return all;
}

const kindOf = (item: Item) => (item instanceof Uint8Array ? 'bytes' : item);
const bytesOf = (item: Item) => (item instanceof Uint8Array ? item : nothing);

/** Where a fault is at work: the sender, the receiver, or one wire. Without any of them, everywhere. */
export interface Where {
  /** Who sends: a host, `host:port` or a path. */
  readonly from?: string;
  /** Who would receive. For a dial, who listens. */
  readonly to?: string;
  /** Which wire of the network, from 1. */
  readonly wire?: number;
}

export function isWithin({ from, to, wire }: Where, passing: Pick<Passing, 'from' | 'to' | 'wire'>): boolean {
  const fits = (name: string | undefined, address: BoundAddress) =>
    name === undefined || isNamed(name, address);
  return fits(from, passing.from) && fits(to, passing.to) && (wire === undefined || wire === passing.wire);
}

/** Whether a host, `host:port` or path means this address. */
export function isNamed(name: string, address: BoundAddress): boolean {
  return formatAddress(address) === name || ('host' in address && address.host === name);
}
