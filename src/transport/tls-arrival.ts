import type { Socket } from 'node:net';
import { AsyncSubject, map, throwError } from 'rxjs';
import { WireError } from '../errors.js';
import { formatAddress } from './address.js';
import { nodeError } from './node-errors.js';
import { socketWire, type WireEnds } from './socket-wire.js';
import type { TcpOptions } from './tcp-options.js';
import type { Accept } from './tls-accept.js';
import type { Wire, WireClosed } from './transport.js';

/**
 * An accepted socket whose handshake is still to be done, as a wire that says so: whoever accepts it may look at its address first, and hang up.
 *
 * To be called in the task in which the socket came up, as `socketWire`.
 */
export function tlsArrival(raw: Socket, options: TcpOptions, ends: WireEnds, accept: Accept): Wire {
  const name = formatAddress(ends.remote);
  const closed = new AsyncSubject<WireClosed>();
  let outcome: WireClosed = {};
  let secured: Wire | undefined;
  raw.on('error', (cause) => {
    outcome = { error: nodeError(`The wire to ${name}`, cause) };
  });
  raw.on('close', () => {
    closed.next(outcome);
    closed.complete();
  });
  return {
    ...ends,
    handshake$: accept(raw, name).pipe(
      map(({ socket, security }) => (secured = socketWire(socket, options, ends, { raw, security }))),
    ),
    bytes$: throwError(() => new TypeError('The TLS handshake comes first')),
    write(_, done) {
      process.nextTick(done, notYet());
      return false;
    },
    end: (done) => process.nextTick(done, notYet()),
    pause() {},
    resume() {},
    destroy({ reset = false } = {}) {
      if (secured) secured.destroy({ reset });
      else if (reset && 'port' in ends.local) raw.resetAndDestroy();
      else raw.destroy();
    },
    closed$: closed.asObservable(),
  };
}

const notYet = () => new WireError('wire-failed', 'The TLS handshake comes first');
