import cluster from 'node:cluster';
import { chmodSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { isMainThread } from 'node:worker_threads';
import { Observable, of, type Subscription } from 'rxjs';
import type { WireError } from '../errors.js';
import { formatAddress } from './address.js';
import { nodeError, platformCode } from './node-errors.js';
import { demandProxy, proxied } from './proxied.js';
import { endsOf, socketWire, type WireEnds } from './socket-wire.js';
import type { TcpOptions } from './tcp-options.js';
import type { Accept } from './tls-accept.js';
import { tlsArrival } from './tls-arrival.js';
import { acceptors } from './tls-renewal.js';
import type { BoundAddress, TransportListenOptions, Wire } from './transport.js';
import { closingAt, removeStaleFile } from './unix-socket-file.js';

/**
 * Listens with Node's server, which is asked for paused sockets: so no byte is read before somebody wants it. With `tls`, the first certificates come before it binds.
 */
export function tcpListen(
  where: BoundAddress,
  options: TcpOptions & TransportListenOptions,
  mode?: number,
): Observable<Wire> {
  const { tls, proxyProtocol, openObserver, troubleObserver } = options;
  if (proxyProtocol) demandProxy(proxyProtocol);
  const acceptor$: Observable<Accept | undefined> =
    tls === undefined ? of(undefined) : acceptors(tls, troubleObserver);
  const doing = `Listening on ${formatAddress(where)}`;
  return new Observable((subscriber) => {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
    const unix = 'path' in where ? { local: where, remote: { path: '' } } : undefined;
    let local: BoundAddress | undefined;
    let accept: Accept | undefined;
    let removing: Subscription | undefined;
    let asked = false;
    let close: () => void = () => server.close();
    const bind = () => bindTo(server, where, mode, (error) => subscriber.error(nodeError(doing, error)));
    // Subscribed to, an observer that throws is reported by RxJS and harms nobody.
    const tell = (error: WireError) => of(error).subscribe((each) => troubleObserver?.next(each));
    const wireOf = (socket: Socket, ends: WireEnds) =>
      accept ? tlsArrival(socket, options, ends, accept) : socketWire(socket, options, ends);

    server.on('connection', (socket) => {
      if (subscriber.closed) return socket.destroy();
      const ends = unix ?? endsOf(socket, local);
      if (!proxyProtocol) return subscriber.next(wireOf(socket, ends));
      const proxied$ = proxied(socket, ends, proxyProtocol);
      subscriber.add(
        proxied$.subscribe({ next: (told) => subscriber.next(wireOf(socket, told)), error: tell }),
      );
    });
    server.on('listening', () => {
      if (subscriber.closed) return;
      if ('path' in where) close = closingAt(where.path, close);
      const bound = boundAddress(server);
      if (!isEveryInterface(bound)) local = bound;
      of(bound).subscribe((at) => openObserver?.next(at));
    });
    server.on('error', (error) => {
      if (subscriber.closed) return;
      // One connection that could not be accepted: the listener lives on.
      if (server.listening) tell(nodeError(doing, error));
      else if ('path' in where && !removing && platformCode(error) === 'EADDRINUSE') {
        removing = removeStaleFile(where.path).subscribe({
          next: bind,
          error: (each) => subscriber.error(each),
        });
      } else subscriber.error(nodeError(doing, error));
    });
    subscriber.add(() => {
      removing?.unsubscribe();
      close();
    });
    subscriber.add(
      acceptor$.subscribe({
        next(latest) {
          accept = latest;
          if (!asked) bind();
          asked = true;
        },
        error: (error) => subscriber.error(error),
      }),
    );
  });
}

type Failed = (error: unknown) => void;

function bindTo(server: Server, where: BoundAddress, mode: number | undefined, failed: Failed): void {
  if ('path' in where) bindPath(server, where.path, mode, failed);
  // Without a host, Node takes `::`, IPv4 included, or 0.0.0.0 where there is no IPv6.
  else server.listen(where.host === '*' ? { port: where.port } : { port: where.port, host: where.host });
}

/**
 * The file has its permissions from its first moment: it is made inside the call. A worker thread cannot have it so, nor a worker of a cluster, whose primary makes the file: they
 * change them as soon as they may.
 */
function bindPath(server: Server, path: string, mode: number | undefined, failed: Failed): void {
  if (mode === undefined) server.listen({ path });
  else if (isMainThread && !cluster.isWorker) {
    const before = process.umask(~mode & 0o777);
    server.listen({ path });
    process.umask(before);
  } else {
    server.prependOnceListener('listening', () => {
      try {
        chmodSync(path, mode);
      } catch (error) {
        failed(error);
      }
    });
    server.listen({ path });
  }
}

/** Where each socket has a local address of its own. */
const isEveryInterface = (bound: BoundAddress): boolean =>
  'host' in bound && (bound.host === '::' || bound.host === '0.0.0.0');

/** Where a server listens: at a host and a port, or at a path. */
export function boundAddress(server: Server): BoundAddress {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') return { path: bound ?? '' };
  return { host: bound.address, port: bound.port };
}
