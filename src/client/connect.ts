import { Observable, switchMap, throwError, timeout } from 'rxjs';
import type { StreamedBodies } from '../connection/body.js';
import type { BodyConnection, Connection } from '../connection/connection.js';
import { openConnection } from '../connection/open-connection.js';
import {
  type ConnectionDefaults,
  type ConnectionOptions,
  connectionSettings,
  positiveOption,
} from '../connection/options.js';
import { WireError } from '../errors.js';
import { timerMs } from '../time.js';
import type { Tls } from '../transport/tls-options.js';
import type { Address, Transport } from '../transport/transport.js';

/** What `connect` can be told, besides what every connection can. */
export interface ConnectOptions<In = Uint8Array, Out = In> extends ConnectionOptions<In, Out> {
  /** Where wires come from. @default TCP and Unix sockets */
  readonly transport?: Transport;
  /** TLS: `true`, or how. The server must be who the address says, by a certificate that Node trusts, or one from `ca`. What is settled is `connection.security`. @default none */
  readonly tls?: Tls;
  /** How long all of it may take: the name, the dial, the TLS handshake, the opening exchange. @default 10,000 */
  readonly connectTimeoutMs?: number;
}

/** What `connect` is, wherever it is bound: with bodies as streams, or with messages that are whole. */
export interface Connect {
  (
    address: Address,
    options: Omit<ConnectOptions, 'codec' | 'onUndecodable'> & StreamedBodies,
  ): Observable<BodyConnection>;
  <In = Uint8Array, Out = In>(
    address: Address,
    options?: ConnectOptions<In, Out>,
  ): Observable<Connection<In, Out>>;
}

/** `connect`, bound to a transport and a framing that it uses where the options name no others. */
export function connectOver(defaults: ConnectionDefaults & { readonly transport: Transport }): Connect {
  return <In, Out>(address: Address, options: ConnectOptions<In, Out> = {}) => {
    const settings = connectionSettings(defaults, options);
    const first = positiveOption(options, 'connectTimeoutMs', 10_000);
    const transport = options.transport ?? defaults.transport;
    const road = options.tls === undefined ? {} : { tls: options.tls };
    if (options.tls !== undefined && !transport.canSecure)
      throw new TypeError('This transport does not know tls');
    const dialling = transport.dial(address, road);
    const late = () => throwError(() => new WireError('connect-timeout', `No connection within ${first} ms`));
    return dialling.pipe(
      switchMap((wire) => openConnection(wire, settings)),
      timeout({ first: timerMs(first), with: late }),
      switchMap(whileOpen),
    );
  };
}

/** Emits a connection and lasts as long as it does: completes or errors as it ends, and ends it in order when unsubscribed. */
function whileOpen<In, Out>(connection: Connection<In, Out>): Observable<Connection<In, Out>> {
  return new Observable((subscriber) => {
    let over = false;
    subscriber.add(() => {
      // One that has ended may still be read: closing it would drop what is left.
      if (!over) connection.close().subscribe();
    });
    subscriber.add(
      connection.closed$.subscribe(({ error }) => {
        over = true;
        if (error === undefined) subscriber.complete();
        else subscriber.error(error);
      }),
    );
    subscriber.next(connection);
  });
}
