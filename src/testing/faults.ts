import { positive } from '../connection/options.js';
import type { WireErrorCode } from '../errors.js';
import { pieceSizes, waitMs } from './demands.js';
import { isWithin, type Passing, type Rule, type Verdict, type Where } from './network-road.js';
import type { VirtualNetwork } from './virtual-network.js';

/** Something that befalls a virtual network. Begins when it is called; what it gives back ends it. */
export interface Fault {
  (net: VirtualNetwork): () => void;
  /** How it is written, so that a failure can print it. */
  readonly text: string;
  readonly kind: string;
  /** What of the faults so far it ends first: those of a kind, or all. */
  readonly ends?: string;
}

/** Everything takes so much longer, dials included. */
export function latency(ms: number, where: Where = {}): Fault {
  waitMs('latency', ms);
  return ruling('latency', [ms, where], () => within(where, () => ({ delayMs: ms })));
}

/** Bytes come at no more than this rate, in each direction of each wire. */
export function bandwidth(bytesPerSecond: number, where: Where = {}): Fault {
  positive('bandwidth', bytesPerSecond);
  return ruling('bandwidth', [bytesPerSecond, where], (net) => {
    const freeAt = new Map<string, number>();
    return within(where, ({ kind, bytes, wire, from }) => {
      if (kind !== 'bytes') return undefined;
      const lane = `${wire} ${'host' in from ? `${from.host}:${from.port}` : from.path}`;
      const now = net.now();
      const free = Math.max(now, freeAt.get(lane) ?? 0) + (bytes.length * 1_000) / bytesPerSecond;
      freeAt.set(lane, free);
      return { delayMs: Math.round(free - now) };
    });
  });
}

/** Chunks arrive in pieces of at most so many bytes. With a list, of these sizes in turn, the last one for all that is left. */
export function fragment(bytes: number | readonly number[] = 1, where: Where = {}): Fault {
  const cut = pieceSizes('fragment', bytes);
  return ruling('fragment', [bytes, where], () =>
    within(where, ({ kind }) => (kind === 'bytes' ? { cut } : undefined)),
  );
}

/** Chunks arrive cut at random: the same seed cuts alike. */
export function shred(seed: number, where: Where = {}): Fault {
  return ruling('shred', [seed, where], () => {
    const random = dice(seed);
    return within(where, ({ kind, bytes }) =>
      kind === 'bytes' ? { cut: bytes.length > 1 ? sizes(random, bytes.length) : [1] } : undefined,
    );
  });
}

/** Nothing gets through: what sets out waits, in order, and so do dials. One way only, if `where` says so. Ends with `repair()`. */
export function partition(where: Where = {}): Fault {
  return ruling('partition', [where], () => within(where, () => 'hold'));
}

/** Ends all partitions: what waited goes on. */
export function repair(): Fault {
  return ending('repair', 'partition');
}

/** Bytes wait, in order, and what stands behind them; dials pass, and so does a FIN or an RST with no bytes ahead of it. Ends with `release()`. */
export function stall(where: Where = {}): Fault {
  return ruling('stall', [where], () => within(where, ({ kind }) => (kind === 'bytes' ? 'hold' : undefined)));
}

/** Ends all stalls: what waited goes on. */
export function release(): Fault {
  return ending('release', 'stall');
}

/** RST on both ends of these wires, at once: what is on its way or unread is lost. */
export function reset(where: Where = {}): Fault {
  return instant('reset', [where], (net) => net.inside.reset(where));
}

/** FIN at the receiver, behind what is on its way; what the sender sends from then on is lost. */
export function halfClose(where: Where = {}): Fault {
  return instant('halfClose', [where], (net) => net.inside.halfClose(where));
}

/** Dials fail, as if nobody listened; or with another code. */
export function failDials(code: WireErrorCode = 'connection-refused', where: Where = {}): Fault {
  return ruling('failDials', [code, where], () =>
    within(where, ({ kind }) => (kind === 'dial' ? { fail: code } : undefined)),
  );
}

/** The listeners of an address end with an error, as if the system had taken the port away. Without an address, all of them. */
export function failListeners(code: WireErrorCode = 'out-of-resources', at?: string): Fault {
  return instant('failListeners', at === undefined ? [code] : [code, at], (net) =>
    net.inside.failListeners(at, code),
  );
}

/** Ends all faults. */
export function calm(): Fault {
  return ending('calm', '', (net) => net.calm());
}

/** Any rule, as a fault with a name. */
export function rule(name: string, judge: Rule): Fault {
  return ruling(name, [], () => judge);
}

/** A sequence of numbers from 0 to 1, the same for the same seed (mulberry32). */
export function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function sizes(random: () => number, length: number): number[] {
  const all: number[] = [];
  for (let left = length; left > 0; left -= all.at(-1) ?? 1) all.push(1 + Math.floor(random() * left));
  return all;
}

function within(where: Where, judge: (passing: Passing) => Verdict): Rule {
  return (passing) => (isWithin(where, passing) ? judge(passing) : undefined);
}

function ruling(kind: string, given: readonly unknown[], make: (net: VirtualNetwork) => Rule): Fault {
  return Object.assign((net: VirtualNetwork) => net.rule(make(net)), { kind, text: written(kind, given) });
}

function instant(kind: string, given: readonly unknown[], happen: (net: VirtualNetwork) => void): Fault {
  const fault = (net: VirtualNetwork) => {
    happen(net);
    return () => {};
  };
  return Object.assign(fault, { kind, text: written(kind, given) });
}

function ending(kind: string, ends: string, happen: (net: VirtualNetwork) => void = () => {}): Fault {
  return Object.assign(instant(kind, [], happen), { ends });
}

/** The call, as it would be written. */
function written(kind: string, given: readonly unknown[]): string {
  const isNothing = (one: unknown) =>
    typeof one === 'object' && one !== null && Object.keys(one).length === 0;
  const shown = given
    .filter((one) => !isNothing(one))
    .map((one) => JSON.stringify(one).replace(/"(\w+)":/g, '$1: '));
  return `${kind}(${shown.join(', ').replaceAll('"', "'")})`;
}
