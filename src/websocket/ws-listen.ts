import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { asapScheduler, type NextObserver, Observable, of } from 'rxjs';
import { WebSocketServer } from 'ws';
import { WireError } from '../errors.js';
import { timerMs } from '../time.js';
import { wiresThatFit } from '../transport/descriptors.js';
import { nodeError } from '../transport/node-errors.js';
import type { WireEnds } from '../transport/socket-wire.js';
import { boundAddress } from '../transport/tcp-listen.js';
import { rawOf } from '../transport/tls-accept.js';
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
    const doing = `Listening on ${where.host}:${where.port}`;
    const server = serverFor(where, options);
    const arriving = where.secure ? whoArrives(server) : [];
    server.on('error', (error) => {
      if (subscriber.closed) return;
      // One caller that could not be accepted: the listener lives on.
      if (server.listening) tell(listenOptions.troubleObserver, nodeError(doing, error));
      else subscriber.error(nodeError(doing, error));
    });
    subscriber.add(wsAttach(server, where.path, options, listenOptions).subscribe(subscriber));
    // Without a host, Node takes `::`, IPv4 included, or 0.0.0.0 where there is no IPv6.
    server.listen(where.host === '*' ? { port: where.port } : { port: where.port, host: where.host });
    return () => {
      server.close();
      server.closeAllConnections(); // those whose handshake is under way; what was upgraded is HTTP's no more
      for (const socket of arriving) socket.destroy();
    };
  });
}

function serverFor({ secure }: Place, { handshakeTimeoutMs = 10_000, tls }: WebSocketOptions): Server {
  const handshakeTimeout = Math.ceil(timerMs(handshakeTimeoutMs));
  const timeouts = {
    headersTimeout: handshakeTimeout,
    requestTimeout: handshakeTimeout,
    connectionsCheckingInterval: Math.ceil(handshakeTimeout / 4),
  };
  const server = secure ? createTlsServer({ handshakeTimeout, ...tls, ...timeouts }) : createServer(timeouts);
  // Those whose handshake is under way count: whoever takes the wires does not know of them yet.
  server.maxConnections = wiresThatFit();
  return server.on('request', (_, response) => response.writeHead(426, { upgrade: 'websocket' }).end());
}

/** Those whose TLS handshake is under way: they are not HTTP's yet, whose server would not hang up on them. */
function whoArrives(server: Server): Iterable<Socket> {
  const arriving = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    arriving.add(socket);
    socket.once('close', () => arriving.delete(socket));
  });
  server.on('secureConnection', (socket) => arriving.delete(rawOf(socket)));
  return arriving;
}

/** Listens on one path of somebody's server. */
export function wsAttach(
  server: Server,
  path: string,
  options: WebSocketOptions,
  listenOptions: TransportListenOptions,
): Observable<Wire> {
  return new Observable((subscriber) => {
    const upgrader = new WebSocketServer({
      ...wsSettings(options),
      noServer: true,
      clientTracking: false,
      handleProtocols: (offers) => options.protocols?.find((each) => offers.has(each)) ?? false,
    });
    const trouble = (error: WireError) => tell(listenOptions.troubleObserver, error);
    const leave = takeUpgrades(server, path, (request, socket, head) => {
      const status = refusalOf(request, options, trouble);
      if (status !== undefined) return refuseUpgrade(socket, status);
      const { url = '', headers } = request;
      upgrader.handleUpgrade(request, socket, head, (ws) =>
        subscriber.next(verified(wsWire(ws, socket as Socket, options, { url, headers }, unixEnds(server)))),
      );
    });
    if (!leave) {
      const taken = new WireError('address-in-use', `Somebody listens on the path ${path} already`);
      return asapScheduler.schedule(() => subscriber.error(taken));
    }
    subscriber.add(leave);
    const bound = (at: BoundAddress) => tell(listenOptions.openObserver, at);
    if (server.listening) {
      const at = boundAddress(server);
      return asapScheduler.schedule(() => bound(at));
    }
    const listening = () => bound(boundAddress(server));
    server.once('listening', listening);
    return () => server.off('listening', listening);
  });
}

/** A server of Node's may be told to take certificates that nobody has verified: they say nothing of who calls. */
function verified(wire: Wire): Wire {
  if (!wire.security?.peer || wire.security.authorized) return wire;
  const { peer, ...security } = wire.security;
  return { ...wire, security };
}

/** Of a Unix socket, Node names no ends. */
function unixEnds(server: Server): WireEnds | undefined {
  const path = server.address();
  return typeof path === 'string' ? { local: { path }, remote: { path: '' } } : undefined;
}

/** Subscribed to, an observer that throws is reported by RxJS and harms nobody. */
function tell<T>(observer: NextObserver<T> | undefined, what: T): void {
  of(what).subscribe((each) => observer?.next(each));
}
