import { asapScheduler, Observable, of, type SchedulerLike } from 'rxjs';
import { WireError, type WireErrorCode } from '../errors.js';
import { formatAddress, parseAddress } from '../transport/address.js';
import type { BoundAddress, Transport, Wire } from '../transport/transport.js';
import { addressBook } from './network-addresses.js';
import type { LaneOptions } from './network-lane.js';
import { wirePair } from './network-wire.js';

export interface VirtualNetworkOptions {
  /** What drives it, and its only clock. `TestScheduler.run` makes the default virtual. @default asapScheduler */
  readonly scheduler?: SchedulerLike;
  /** How long everything takes from one end to the other, in milliseconds. @default 0 */
  readonly latencyMs?: number;
  /** How many bytes may be on their way or unread, in each direction of a wire. @default 65_536 */
  readonly windowBytes?: number;
  /** Cuts a chunk that sets out into the chunks that arrive. By default it arrives as it is. */
  readonly cut?: (chunk: Uint8Array) => readonly Uint8Array[];
}

export interface VirtualNetwork extends Transport {}

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
  const lanes: LaneOptions = { scheduler, latencyMs, windowBytes, road: cut };
  const book = addressBook();

  function listen(where: BoundAddress, opened: (bound: BoundAddress) => void): Observable<Wire> {
    return new Observable((subscriber) => {
      const binding = scheduler.schedule(() => {
        const bound = book.bind(where, (wire) => subscriber.next(wire));
        if (!bound)
          return subscriber.error(failed('address-in-use', 'Listening on', where, 'the address is in use'));
        binding.add(() => book.release(bound));
        opened(bound);
      });
      return binding;
    });
  }

  /** As TCP's three segments: the caller is connected after two of them, the listener has its wire after three. */
  function dial(where: BoundAddress): Observable<Wire> {
    return new Observable((subscriber) => {
      const attempt = scheduler.schedule(() => {
        const listening = book.find(where) !== undefined;
        attempt.add(scheduler.schedule(() => (listening ? connected() : refused()), latencyMs));
      }, latencyMs);
      const refused = () =>
        subscriber.error(failed('connection-refused', 'Dialling', where, 'nobody listens there'));
      const connected = () => {
        const [near, far] = wirePair(lanes, book.caller(where), where);
        scheduler.schedule(() => accept(where, far), latencyMs);
        subscriber.next(near);
        subscriber.complete();
      };
      return attempt;
    });
  }

  function accept(where: BoundAddress, wire: Wire): void {
    const listener = book.find(where);
    if (listener) listener(wire);
    else wire.destroy({ reset: true });
  }

  return {
    listen(address, { openObserver } = {}) {
      // Subscribed to, an observer that throws is reported by RxJS and harms nobody.
      return listen(parseAddress(address, 'listen'), (bound) =>
        of(bound).subscribe((each) => openObserver?.next(each)),
      );
    },
    dial: (address) => dial(parseAddress(address, 'dial')),
  };
}

const failed = (code: WireErrorCode, doing: string, where: BoundAddress, why: string) =>
  new WireError(code, `${doing} ${formatAddress(where)} failed: ${why}`);
