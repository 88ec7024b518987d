import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { asapScheduler, Observable, of } from 'rxjs';
import { WebSocketServer } from 'ws';
import { WireError } from '../errors.js';
import { nodeError } from '../transport/node-errors.js';
import type { BoundAddress, TransportListenOptions, Wire } from '../transport/transport.js';
import { refusalOf } from './admission.js';
import type { Place } from './places.js';
import { refuseUpgrade, takeUpgrades } from './upgrades.js';
import type { WebSocketOptions } from './ws-options.js';
import { wsWire } from './ws-road.js';
import { wsSettings } from './ws-settings.js';

/** Listens with an HTTP server of its own, which has nothing else to say. */
export function wsListen(
  where: Place,
  options: WebSocketOptions,
  listenOptions: TransportListenOptions,
): Observable<Wire> {
  return new Observable((subscriber) => {
    const server = serverFor(where, options);
    server.on('error', (error) => {
      // One caller that could not be accepted: the listener lives on. Or nobody wants to know any more.
      if (server.listening || subscriber.closed) return;
      subscriber.error(nodeError(`Listening on ${where.host}:${where.port}`, error));
    });
    subscriber.add(wsAttach(server, where.path, options, listenOptions).subscribe(subscriber));
    // Without a host, Node takes `::`, IPv4 included, or 0.0.0.0 where there is no IPv6.
    server.listen(where.host === '*' ? { port: where.port } : { port: where.port, host: where.host });
    return () => {
      server.close();
      server.closeAllConnections(); // those whose handshake is under way; what was upgraded is HTTP's no more
    };
  });
}

function serverFor({ secure }: Place, { handshakeTimeoutMs = 10_000, tls }: WebSocketOptions): Server {
  const timeouts = {
    headersTimeout: handshakeTimeoutMs,
    requestTimeout: handshakeTimeoutMs,
    connectionsCheckingInterval: Math.ceil(handshakeTimeoutMs / 4),
  };
  const server = secure ? createTlsServer({ ...tls, ...timeouts }) : createServer(timeouts);
  return server.on('request', (_, response) => response.writeHead(426, { upgrade: 'websocket' }).end());
}

/** Listens on one path of somebody's server. */
export function wsAttach(
  server: Server,
  path: string,
  options: WebSocketOptions,
  { openObserver }: TransportListenOptions,
): Observable<Wire> {
  return new Observable((subscriber) => {
    const upgrader = new WebSocketServer({
      ...wsSettings(options),
      noServer: true,
      clientTracking: false,
      handleProtocols: (offers) => options.protocols?.find((each) => offers.has(each)) ?? false,
    });
    const leave = takeUpgrades(server, path, (request, socket, head) => {
      const status = refusalOf(request, options);
      if (status !== undefined) return refuseUpgrade(socket, status);
      upgrader.handleUpgrade(request, socket, head, (ws) =>
        subscriber.next(wsWire(ws, socket as Socket, options)),
      );
    });
    if (!leave) {
      const taken = new WireError('address-in-use', `Somebody listens on the path ${path} already`);
      return asapScheduler.schedule(() => subscriber.error(taken));
    }
    subscriber.add(leave);
    // Subscribed to, an observer that throws is reported by RxJS and harms nobody.
    const bound = () => of(boundTo(server)).subscribe((address) => openObserver?.next(address));
    if (server.listening) return asapScheduler.schedule(bound);
    server.once('listening', bound);
    return () => server.off('listening', bound);
  });
}

function boundTo(server: Server): BoundAddress {
  const { address: host, port } = server.address() as AddressInfo;
  return { host, port };
}
