import { asapScheduler, Observable, of, type SchedulerLike, Subscription } from 'rxjs';
import { WireError, type WireErrorCode } from '../errors.js';
import { limit } from '../framing/limits.js';
import { formatAddress, parseAddress } from '../transport/address.js';
import type { BoundAddress, Transport, Wire } from '../transport/transport.js';
import { waitMs } from './demands.js';
import { addressBook } from './network-addresses.js';
import { type Links, links } from './network-links.js';
import { isNamed, judge, type Rule } from './network-road.js';

/** What a virtual road is like. */
export interface RoadSettings {
  /** How long everything takes from one end to the other, in milliseconds. @default 0 */
  readonly latencyMs?: number;
  /** How many bytes may be on their way or unread, in each direction of a wire. @default 65_536 */
  readonly windowBytes?: number;
  /** Cuts a chunk that sets out into the chunks that arrive. By default it arrives as it is. */
  readonly cut?: (chunk: Uint8Array) => readonly Uint8Array[];
}

/** A virtual road, and the time on it. */
export interface VirtualNetworkOptions extends RoadSettings {
  /** What drives it, and its only clock. `TestScheduler.run` makes the default virtual. @default asapScheduler */
  readonly scheduler?: SchedulerLike;
}

/** A transport whose road is in the hands of a test. */
export interface VirtualNetwork extends Transport {
  /** The same network, as seen from a host: whoever dials from it, dials from that name. */
  host(name: string): Transport;
  /** Puts a rule between all ends: it judges whatever passes from now on, and what is held. Returns what takes it away again. */
  rule(rule: Rule): () => void;
  /** Takes every rule away: what was held goes on. */
  calm(): void;
  /** The time on its scheduler, in milliseconds. */
  now(): number;
  /** What is going on, for tests. */
  readonly inside: NetworkInside;
}

/** What a test sees of a virtual network. */
export interface NetworkInside extends Pick<Links, 'all' | 'reset' | 'halfClose'> {
  /** Ends the listeners of an address with an error. */
  failListeners(where: string | undefined, code: WireErrorCode): void;
}

/**
 * A network in memory, with the manners of TCP: a transport for tests, and for parts of one program.
 *
 * Any host name and any path exists, and a port is open while somebody listens on it. Everything that happens is a task of
 * the scheduler: with no latency it happens in the same (virtual) millisecond, later in the queue. FIN arrives behind the
 * bytes; RST takes with it what is unread; a full window holds back `done`.
 */
export function virtualNetwork(options: VirtualNetworkOptions = {}): VirtualNetwork {
  const {
    scheduler = asapScheduler,
    latencyMs = 0,
    windowBytes = 65_536,
    cut = (chunk) => [chunk],
  } = options;
  waitMs('latencyMs', latencyMs);
  limit('windowBytes', windowBytes, 1);
  const rules = new Set<Rule>();
  const wires = links({ scheduler, latencyMs, windowBytes, cut, rules });
  const book = addressBook();
  const listeners = new Set<{ readonly bound: BoundAddress; fail(code: WireErrorCode): void }>();
  const waitingDials = new Set<() => void>();

  function listen(where: BoundAddress, opened: (bound: BoundAddress) => void): Observable<Wire> {
    return new Observable((subscriber) => {
      const binding = scheduler.schedule(() => {
        const bound = book.bind(where, (wire) => subscriber.next(wire));
        if (!bound)
          return subscriber.error(failed('address-in-use', 'Listening on', where, 'the address is in use'));
        const fail = (code: WireErrorCode) =>
          subscriber.error(failed(code, 'Listening on', where, 'a fault of the test'));
        const listener = { bound, fail };
        listeners.add(listener);
        binding.add(() => {
          listeners.delete(listener);
          book.release(bound);
        });
        opened(bound);
      });
      return binding;
    });
  }

  /** As TCP's three segments: the caller is connected after two of them, the listener has its wire after three. */
  function dial(where: BoundAddress, host?: string): Observable<Wire> {
    return new Observable((subscriber) => {
      const from = book.caller(where, host);
      const attempt = new Subscription(() => waitingDials.delete(setOut));
      const later = (work: () => void, ms: number) => attempt.add(scheduler.schedule(work, ms));
      const fail = (code: WireErrorCode, why: string) =>
        subscriber.error(failed(code, 'Dialling', where, why));

      function setOut(): void {
        waitingDials.delete(setOut);
        const verdict = judge(rules, {
          kind: 'dial',
          bytes: new Uint8Array(),
          from,
          to: where,
          wire: wires.next,
        });
        if (verdict.hold) waitingDials.add(setOut);
        else
          later(
            () => reach(verdict.reset ? 'connection-refused' : verdict.fail),
            latencyMs + verdict.delayMs,
          );
      }
      function reach(code: WireErrorCode | undefined): void {
        const listening = book.find(where) !== undefined;
        later(() => {
          if (code) fail(code, 'a fault of the test');
          else if (listening) connected();
          else fail('connection-refused', 'nobody listens there');
        }, latencyMs);
      }
      function connected(): void {
        const { near, far } = wires.open(from, where);
        scheduler.schedule(() => accept(where, far), latencyMs);
        subscriber.next(near);
        subscriber.complete();
      }
      setOut();
      return attempt;
    });
  }

  function accept(where: BoundAddress, wire: Wire): void {
    const listener = book.find(where);
    if (listener) listener(wire);
    else wire.destroy({ reset: true });
  }

  function rulesChanged(): void {
    wires.retry();
    for (const setOut of [...waitingDials]) setOut();
  }

  const from = (host?: string): Transport => ({
    // Nobody listens in on it: what asks for TLS runs as it is, and its bytes are to be seen.
    canSecure: true,
    listen(address, { openObserver } = {}) {
      // Subscribed to, an observer that throws is reported by RxJS and harms nobody.
      return listen(parseAddress(address, 'listen'), (bound) =>
        of(bound).subscribe((each) => openObserver?.next(each)),
      );
    },
    dial: (address) => dial(parseAddress(address, 'dial'), host),
  });

  return {
    ...from(),
    host: from,
    rule(rule) {
      rules.add(rule);
      rulesChanged();
      return () => {
        if (rules.delete(rule)) rulesChanged();
      };
    },
    calm() {
      rules.clear();
      rulesChanged();
    },
    now: () => scheduler.now(),
    inside: {
      get all() {
        return wires.all;
      },
      reset: wires.reset,
      halfClose: wires.halfClose,
      failListeners(where, code) {
        for (const { bound, fail } of [...listeners]) {
          if (where === undefined || isNamed(where, bound)) fail(code);
        }
      },
    },
  };
}

const failed = (code: WireErrorCode, doing: string, where: BoundAddress, why: string) =>
  new WireError(code, `${doing} ${formatAddress(where)} failed: ${why}`);
