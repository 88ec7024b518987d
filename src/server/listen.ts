import { type NextObserver, Observable, of, Subscriber, switchMap } from 'rxjs';
import type { StreamedBodies } from '../connection/body.js';
import { Budget } from '../connection/budget.js';
import type { BodyConnection, Connection } from '../connection/connection.js';
import { HostedCore } from '../connection/hosted-core.js';
import { openConnection } from '../connection/open-connection.js';
import {
  type ConnectionDefaults,
  type ConnectionOptions,
  type ConnectionSettings,
  connectionSettings,
  demandSecurable,
  positiveOption,
} from '../connection/options.js';
import { WireError } from '../errors.js';
import type { Framing } from '../framing/framing.js';
import type { ProxyProtocol } from '../transport/proxy-options.js';
import type { Tls } from '../transport/tls-options.js';
import type { Address, BoundAddress, Transport, Wire } from '../transport/transport.js';
import { type Doorman, type DoorOptions, demandLists, doorman, type Refusal } from './doorman.js';
import { type ServerEvent, type Tell, telling, tellOf } from './events.js';

/** What `listen` can be told, besides who may come in and what every connection can. */
export interface ListenOptions<In = Uint8Array, Out = In> extends ConnectionOptions<In, Out>, DoorOptions {
  /** Where wires come from. @default TCP and Unix sockets */
  readonly transport?: Transport;
  /**
   * TLS: `{ cert, key }`, or an Observable of that where certificates are renewed; the first come before it listens. Who comes in has 10 s for its handshake, and what it
   * settles is `connection.security`. @default none
   */
  readonly tls?: Tls;
  /** Proxies call, and say for whom in a PROXY header: that is `remote` then. @default none */
  readonly proxyProtocol?: ProxyProtocol;
  /** Told all bound addresses, port 0 resolved, in the order asked, once every one of them is bound. */
  readonly openObserver?: NextObserver<readonly BoundAddress[]>;
  /** Told what happens to the server and its connections: for logs, counts and tools. A `Subject` makes a stream of it. */
  readonly eventObserver?: NextObserver<ServerEvent>;
  /**
   * Bytes of messages that may be here for all connections together: granted or come, and not yet consumed. Above it peers wait for their OK, or their wires are paused;
   * a connection that must wait for 30 s with part of a message here fails with `inbox-overflow`. A larger message passes alone; those above 65,536 bytes
   * leave a quarter to the others. @default 256 MiB
   */
  readonly maxInboundBytes?: number;
  /** How long a connection may go without being read, served, sent to or closed, before it is destroyed. @default 10,000 */
  readonly claimTimeoutMs?: number;
}

/** What `listen` is, wherever it is bound: with bodies as streams, or with messages that are whole. */
export interface Listen {
  (
    addresses: Address | readonly Address[],
    options: Omit<ListenOptions, 'codec' | 'onUndecodable'> & StreamedBodies,
  ): Observable<BodyConnection>;
  <In = Uint8Array, Out = In>(
    addresses: Address | readonly Address[],
    options?: ListenOptions<In, Out>,
  ): Observable<Connection<In, Out>>;
}

/** How many that were one too many may be in the middle of being told so; the rest is hung up on at once. */
const maxRefusals = 64;

/** `listen`, bound to a transport and a framing that it uses where the options name no others. */
export function listenOver(defaults: ConnectionDefaults & { readonly transport: Transport }): Listen {
  return <In, Out>(addresses: Address | readonly Address[], options: ListenOptions<In, Out> = {}) => {
    const all = isList(addresses) ? addresses : [addresses];
    if (all.length === 0) throw new RangeError('listen needs an address');
    const transport = options.transport ?? defaults.transport;
    const settings = {
      ...connectionSettings(defaults, options),
      claimTimeoutMs: positiveOption(options, 'claimTimeoutMs', 10_000),
    };
    const { tls, proxyProtocol } = options;
    const road = { ...(tls !== undefined && { tls }), ...(proxyProtocol && { proxyProtocol }) };
    demandSecurable(transport, road);
    demandLists(options);
    const limit = positiveOption(options, 'maxConnections', most(transport));
    for (const address of all) transport.listen(address, road); // throws now for one that cannot be meant; binds nothing
    const inboundBytes = positiveOption(options, 'maxInboundBytes', 256 * 1_024 * 1_024);
    return new Observable<Connection<In, Out>>((subscriber) => {
      const budget = new Budget(inboundBytes);
      const tell = telling(options.eventObserver);
      const accept = accepting(
        { Core: HostedCore, ...settings, budget },
        doorman(options, limit),
        subscriber,
        tell,
      );
      const troubleObserver = { next: (error: WireError) => tell?.({ type: 'trouble', error }) };
      const bound: BoundAddress[] = [];
      let missing = all.length;
      for (const [index, address] of all.entries()) {
        if (subscriber.closed) return;
        const openObserver = {
          next: (at: BoundAddress) => {
            bound[index] = at;
            missing--;
            if (missing > 0) return;
            of(bound).subscribe((all) => options.openObserver?.next(all));
            tell?.({ type: 'bound', addresses: bound });
          },
        };
        subscriber.add(
          transport.listen(address, { ...road, openObserver, troubleObserver }).subscribe({
            next: accept,
            error: (error) => subscriber.error(error),
          }),
        );
      }
    });
  };
}

/** As many as most machines bear, and no more than the transport can hold: beyond that nobody could even be told. */
const most = ({ maxWires = Number.POSITIVE_INFINITY }: Transport): number => Math.min(10_000, maxWires);

/** Takes wires in: each becomes a connection once its handshake and its opening are done, unless the doorman is against it. */
function accepting<In, Out>(
  settings: ConnectionSettings<In, Out>,
  door: Doorman,
  subscriber: Subscriber<Connection<In, Out>>,
  tell: Tell | undefined,
): (wire: Wire) => void {
  const refuse = refusing(settings.framing);

  function refusalOf(remote: BoundAddress): Refusal | undefined {
    try {
      return door.admit(remote);
    } catch (cause) {
      const error = new WireError('access-denied', 'A list could not say whether a caller may come in', {
        cause,
      });
      tell?.({ type: 'trouble', error });
      return 'not-allowed';
    }
  }

  return (wire) => {
    const { remote, handshake$ } = wire;
    const why = refusalOf(remote);
    if (why) {
      refuse(wire, why);
      tell?.({ type: 'refused', remote, why });
      return;
    }
    wire.closed$.subscribe(new Leaving(door, remote));
    tell?.({ type: 'accepted', remote });
    const open = (ready: Wire) => openConnection(ready, settings);
    subscriber.add(
      (handshake$ ? handshake$.pipe(switchMap(open)) : open(wire)).subscribe({
        next: (connection) => {
          if (tell) tellOf(connection, tell);
          subscriber.next(connection);
        },
        // It never became a connection: nobody is waiting for it.
        error: (error) => tell?.({ type: 'failed', remote, error }),
      }),
    );
  };
}

/** Has the doorman know when a wire has closed. As a function it would cost each of ten thousand wires four objects more. */
class Leaving extends Subscriber<unknown> {
  readonly #door: Doorman;
  readonly #remote: BoundAddress;

  constructor(door: Doorman, remote: BoundAddress) {
    super();
    this.#door = door;
    this.#remote = remote;
  }

  protected override _complete(): void {
    this.unsubscribe();
    this.#door.leave(this.#remote);
  }
}

/** Hangs up on wires. Those that were one too many are told so, where the framing has a word for it and a few bytes suffice to say it. */
function refusing({ full }: Framing): (wire: Wire, why: Refusal) => void {
  let telling = 0;
  return (wire, why) => {
    const isOneTooMany = why === 'connections' || why === 'connections-of-address';
    const told = full !== undefined && isOneTooMany && !wire.handshake$ && telling < maxRefusals;
    if (told) {
      telling++;
      wire.closed$.subscribe(() => telling--);
      wire.write(full, () => {});
    }
    wire.bytes$.subscribe({ error: () => {} });
    wire.destroy({ reset: !told });
  };
}

function isList(addresses: Address | readonly Address[]): addresses is readonly Address[] {
  return Array.isArray(addresses);
}
