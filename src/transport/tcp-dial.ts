import { connect, type Socket } from 'node:net';
import { map, Observable, retry, switchMap, throwError, timer } from 'rxjs';
import { WireError } from '../errors.js';
import { timerMs } from '../time.js';
import { formatAddress } from './address.js';
import { nodeError, platformCode } from './node-errors.js';
import { endsOf, socketWire } from './socket-wire.js';
import type { TcpOptions } from './tcp-options.js';
import type { Secured } from './tls-accept.js';
import { tlsDial } from './tls-dial.js';
import { latestOptions } from './tls-renewal.js';
import type { BoundAddress, Wire } from './transport.js';

/** How long a Unix socket's dial is repeated while the listener's queue is full, and how often: 10 s in all. */
const knocks = { everyMs: 20, times: 500 };

/** Dials with Node's socket: the name is looked up, and its addresses are tried one after the other. Then, with `tls`, comes the handshake. */
export function tcpDial(where: BoundAddress, options: TcpOptions): Observable<Wire> {
  const doing = `Dialling ${formatAddress(where)}`;
  const { tls } = options;
  const ends = 'path' in where ? { local: { path: '' }, remote: where } : undefined;
  const dial$ = attempt(where, options, doing);
  // Where TCP would try again by itself, a Unix socket says at once that too many wait to be accepted.
  const isQueueFull = (error: WireError) =>
    error.code === 'out-of-resources' && platformCode(error.cause) === 'EAGAIN';
  const delay = (error: WireError) => (isQueueFull(error) ? timer(knocks.everyMs) : throwError(() => error));
  const socket$ = ends ? dial$.pipe(retry({ count: knocks.times, delay })) : dial$;
  if (tls === undefined) return socket$.pipe(map((socket) => socketWire(socket, options, ends)));

  const host = 'host' in where ? where.host : 'localhost';
  const wireOf =
    (raw: Socket) =>
    ({ socket, security }: Secured) =>
      socketWire(socket, options, ends ?? endsOf(raw), { raw, security });
  return latestOptions(tls).pipe(
    switchMap((how) =>
      socket$.pipe(switchMap((raw) => tlsDial(raw, host, how, doing).pipe(map(wireOf(raw))))),
    ),
  );
}

/** A socket that is up, paused; from then on its errors are somebody else's to hear. */
function attempt(where: BoundAddress, options: TcpOptions, doing: string): Observable<Socket> {
  return new Observable((subscriber) => {
    const socket = connect(dialOptions(where, options));
    let up = false;
    const onError = (error: Error) => subscriber.error(nodeError(doing, error));

    socket.pause();
    socket.on('error', onError);
    socket.once('connect', () => {
      if (isSelf(socket)) return subscriber.error(new WireError('connection-refused', `${doing} met itself`));
      up = true;
      subscriber.next(socket);
      socket.off('error', onError);
      subscriber.complete();
    });
    return () => {
      if (!up) socket.destroy();
    };
  });
}

function dialOptions(where: BoundAddress, { nextAddressMs = 1_000 }: TcpOptions) {
  const halfOpen = { allowHalfOpen: true };
  if ('path' in where) return { ...halfOpen, path: where.path };
  const addresses = {
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: Math.ceil(timerMs(nextAddressMs)),
  };
  return { ...halfOpen, ...addresses, host: where.host, port: where.port };
}

/**
 * Whoever dials a local port at which nobody listens, over and over, will be given that very port to dial from, and TCP
 * connects it to itself.
 */
export const isSelf = (socket: Socket) =>
  socket.localPort !== undefined &&
  socket.localPort === socket.remotePort &&
  socket.localAddress === socket.remoteAddress;
