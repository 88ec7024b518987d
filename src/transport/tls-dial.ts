import { isIP, type Socket } from 'node:net';
import { type ConnectionOptions, checkServerIdentity, connect } from 'node:tls';
import { Observable } from 'rxjs';
import { WireError } from '../errors.js';
import { nodeError } from './node-errors.js';
import { patience } from './patience.js';
import type { Secured } from './tls-accept.js';
import { contextOptions } from './tls-context.js';
import type { TlsOptions } from './tls-options.js';
import { securityOf } from './tls-security.js';

/** The dialling side of TLS, on a socket that is up. Unsubscribing before the handshake is done destroys it. */
export function tlsDial(raw: Socket, host: string, options: TlsOptions, doing: string): Observable<Secured> {
  const { handshakeTimeoutMs = 10_000 } = options;
  return new Observable((subscriber) => {
    let up = false;
    // Before anything else: options that Node does not take throw, and nobody else has the socket.
    subscriber.add(() => {
      if (!up) raw.destroy();
    });
    const socket = connect({ ...dialOptions(host, options), socket: raw });
    const onError = (error: Error) => subscriber.error(nodeError(doing, error));
    const late = () =>
      new WireError('handshake-timeout', `${doing} failed: no TLS handshake within ${handshakeTimeoutMs} ms`);

    socket.on('error', onError);
    socket.once('secureConnect', () => {
      up = true;
      subscriber.next({ socket, security: securityOf(socket, options.presharedKey !== undefined) });
      socket.off('error', onError);
      subscriber.complete();
    });
    subscriber.add(patience(handshakeTimeoutMs).subscribe(() => subscriber.error(late())));
  });
}

function dialOptions(host: string, options: TlsOptions): ConnectionOptions {
  const { alpn, presharedKey, serverName = host, verify = true } = options;
  return {
    ...contextOptions(options),
    host: serverName,
    // The standard has names here, and no addresses.
    servername: isIP(serverName) ? '' : serverName,
    rejectUnauthorized: verify,
    ...(alpn && { ALPNProtocols: [...alpn] }),
    ...(typeof presharedKey === 'object' && {
      pskCallback: () => ({ identity: presharedKey.identity, psk: presharedKey.key }),
      // Who has the key shows no certificate. Whoever shows one must show a good one.
      checkServerIdentity: (name, certificate) =>
        certificate.raw ? checkServerIdentity(name, certificate) : undefined,
    }),
  };
}
