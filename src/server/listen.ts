import { type NextObserver, Observable, of, type Subscriber } from 'rxjs';
import type { StreamedBodies } from '../connection/body.js';
import { Budget } from '../connection/budget.js';
import type { BodyConnection, Connection } from '../connection/connection.js';
import { openConnection } from '../connection/open-connection.js';
import {
  type ConnectionDefaults,
  type ConnectionOptions,
  type ConnectionSettings,
  connectionSettings,
  positive,
} from '../connection/options.js';
import type { Address, BoundAddress, Transport, Wire } from '../transport/transport.js';
import { type ServerEvent, type Tell, telling, tellOf } from './events.js';

export interface ListenOptions<In = Uint8Array, Out = In> extends ConnectionOptions<In, Out> {
  /** Where wires come from. @default TCP and Unix sockets */
  readonly transport?: Transport;
  /** Told all bound addresses, port 0 resolved, in the order asked, once every one of them is bound. */
  readonly openObserver?: NextObserver<readonly BoundAddress[]>;
  /** Told what happens to the server and its connections: for logs, counts and tools. A `Subject` makes a stream of it. */
  readonly eventObserver?: NextObserver<ServerEvent>;
  /** How many connections may be open or opening at once. Further ones are told so (tinyproto: `fe`) and hung up on. @default 10,000 */
  readonly maxConnections?: number;
  /**
   * Bytes of messages that may be here for all connections together: granted or come, and not yet consumed. Above it peers wait for their OK, or their wires are paused;
   * a connection that must wait for 30 s with part of a message here fails with `inbox-overflow`. A larger message passes alone; those above 65,536 bytes
   * leave a quarter to the others. @default 256 MiB
   */
  readonly maxInboundBytes?: number;
  /** How long a connection may go without being read, served, sent to or closed, before it is destroyed. @default 10,000 */
  readonly claimTimeoutMs?: number;
}

/** Listens for connections; see the type's own page. */
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
      claimTimeoutMs: positive('claimTimeoutMs', options.claimTimeoutMs ?? 10_000),
    };
    const limit = positive('maxConnections', options.maxConnections ?? 10_000);
    for (const address of all) transport.listen(address); // throws now for one that cannot be meant; binds nothing
    const inboundBytes = positive('maxInboundBytes', options.maxInboundBytes ?? 256 * 1_024 * 1_024);
    return new Observable<Connection<In, Out>>((subscriber) => {
      const budget = new Budget(inboundBytes);
      const tell = telling(options.eventObserver);
      const accept = accepting({ ...settings, budget }, limit, subscriber, tell);
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
          transport.listen(address, { openObserver }).subscribe({
            next: accept,
            error: (error) => subscriber.error(error),
          }),
        );
      }
    });
  };
}

/** Takes wires in: each becomes a connection once its opening is done, unless there are too many. */
function accepting<In, Out>(
  settings: ConnectionSettings<In, Out>,
  limit: number,
  subscriber: Subscriber<Connection<In, Out>>,
  tell: Tell | undefined,
): (wire: Wire) => void {
  let open = 0;
  let refusals = 0;

  const refuse = (wire: Wire) => {
    const { full } = settings.framing;
    const tell = full !== undefined && refusals < maxRefusals;
    if (tell) {
      refusals++;
      wire.closed$.subscribe(() => refusals--);
      wire.write(full, () => {});
    }
    wire.bytes$.subscribe({ error: () => {} });
    wire.destroy({ reset: !tell });
  };

  return (wire) => {
    const { remote } = wire;
    if (open >= limit) {
      refuse(wire);
      tell?.({ type: 'refused', remote });
      return;
    }
    open++;
    wire.closed$.subscribe(() => open--);
    tell?.({ type: 'accepted', remote });
    subscriber.add(
      openConnection(wire, settings).subscribe({
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

function isList(addresses: Address | readonly Address[]): addresses is readonly Address[] {
  return Array.isArray(addresses);
}
