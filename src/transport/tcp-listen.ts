import { createServer, type Server } from 'node:net';
import { Observable, of, type Subscription } from 'rxjs';
import { formatAddress } from './address.js';
import { nodeError, platformCode } from './node-errors.js';
import { socketWire } from './socket-wire.js';
import type { TcpOptions } from './tcp-options.js';
import type { BoundAddress, TransportListenOptions, Wire } from './transport.js';
import { removeStaleFile } from './unix-socket-file.js';

/** Listens with Node's server, which is asked for paused sockets: so no byte is read before somebody wants it. */
export function tcpListen(
  where: BoundAddress,
  options: TcpOptions,
  { openObserver }: TransportListenOptions,
): Observable<Wire> {
  return new Observable((subscriber) => {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
    const ends = 'path' in where ? { local: where, remote: { path: '' } } : undefined;
    let removing: Subscription | undefined;
    const bind = () => server.listen(bindOptions(where));

    server.on('connection', (socket) => {
      if (subscriber.closed) socket.destroy();
      else subscriber.next(socketWire(socket, options, ends));
    });
    server.on('listening', () => {
      // Subscribed to, an observer that throws is reported by RxJS and harms nobody.
      of(boundAddress(server)).subscribe((bound) => openObserver?.next(bound));
    });
    server.on('error', (error) => {
      // One connection that could not be accepted: the listener lives on. Or nobody wants to know any more.
      if (server.listening || subscriber.closed) return;
      if ('path' in where && !removing && platformCode(error) === 'EADDRINUSE') {
        removing = removeStaleFile(where.path).subscribe({
          next: bind,
          error: (each) => subscriber.error(each),
        });
      } else subscriber.error(nodeError(`Listening on ${formatAddress(where)}`, error));
    });
    bind();
    return () => {
      removing?.unsubscribe();
      server.close();
    };
  });
}

function bindOptions(where: BoundAddress): { path: string } | { port: number; host?: string } {
  if ('path' in where) return { path: where.path };
  // Without a host, Node takes `::`, IPv4 included, or 0.0.0.0 where there is no IPv6.
  return where.host === '*' ? { port: where.port } : { port: where.port, host: where.host };
}

function boundAddress(server: Server): BoundAddress {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') return { path: bound ?? '' };
  return { host: bound.address, port: bound.port };
}
