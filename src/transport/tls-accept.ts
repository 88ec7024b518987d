import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type TlsOptions as NodeOptions, type TLSSocket } from 'node:tls';
import { Observable } from 'rxjs';
import { WireError } from '../errors.js';
import { nodeError } from './node-errors.js';
import { patience } from './patience.js';
import { contextOptions, contextsByName } from './tls-context.js';
import type { Security, TlsOptions } from './tls-options.js';
import { securityOf } from './tls-security.js';

/** A socket behind its handshake. */
export interface Secured {
  readonly socket: TLSSocket;
  readonly security: Security;
}

/** Makes accepted sockets secure. `name` begins the texts of errors. */
export type Accept = (raw: Socket, name: string) => Observable<Secured>;

/** What waits for the end of a handshake. */
interface Waiting {
  done(socket: TLSSocket): void;
  failed(error: Error, socket: TLSSocket): void;
}

/**
 * The accepting side of TLS, with one set of certificates: a server of Node's that listens nowhere and is handed each socket.
 *
 * So new certificates are a new one of these, and those who came in by the old one stay. Throws a `TypeError` for certificates that are none, or do not fit each other.
 */
export function tlsAcceptor(options: TlsOptions): Accept {
  const { clientCertificates = 'ignore', handshakeTimeoutMs = 10_000 } = options;
  const demanded = clientCertificates === 'demand';
  const waiting = new WeakMap<Socket, Waiting>();
  const identities = new WeakMap<object, string>();
  const server = createServer(acceptOptions(options, identities));

  server.on('secureConnection', (socket) => waiting.get(rawOf(socket))?.done(socket));
  server.on('tlsClientError', (error, socket) => waiting.get(rawOf(socket))?.failed(error, socket));

  return (raw, name) =>
    new Observable((subscriber) => {
      let up = false;
      const fail = (cause: unknown) => subscriber.error(nodeError(`The TLS handshake of ${name}`, cause));
      waiting.set(raw, {
        done(socket) {
          const identity = identities.get(socket);
          const security = securityOf(socket, identity !== undefined, identity);
          // With `ask`, a client may show nothing; but what it shows must be true.
          if (security.peer && !socket.authorized) return fail(withCode(socket.authorizationError));
          up = true;
          // A client that negotiates anew, over and over, keeps us busy for nothing.
          socket.disableRenegotiation();
          subscriber.next({ socket, security });
          subscriber.complete();
        },
        failed: (error, socket) =>
          fail(demanded && socket.authorizationError ? withCode(socket.authorizationError) : error),
      });
      subscriber.add(
        patience(handshakeTimeoutMs).subscribe(() =>
          subscriber.error(
            new WireError('handshake-timeout', `No TLS handshake of ${name} within ${handshakeTimeoutMs} ms`),
          ),
        ),
      );
      subscriber.add(() => {
        waiting.delete(raw);
        // Node's own deadline would leave the socket open.
        if (!up) raw.destroy();
      });
      // Who hangs up inside a handshake is gone. `socketWire` undoes it for what comes after.
      raw.allowHalfOpen = false;
      server.emit('connection', raw);
    });
}

function acceptOptions(options: TlsOptions, identities: WeakMap<object, string>): NodeOptions {
  const { alpn, clientCertificates = 'ignore', presharedKey } = options;
  const ofName = contextsByName(options);
  return {
    ...contextOptions(options),
    // Ours is the deadline that counts.
    handshakeTimeout: 0,
    requestCert: clientCertificates !== 'ignore',
    rejectUnauthorized: clientCertificates === 'demand',
    SNICallback: (name, done) => done(null, ofName(name)),
    ...(alpn && { ALPNProtocols: [...alpn] }),
    ...(typeof presharedKey === 'function' && {
      pskCallback: (socket: TLSSocket, identity: string) => {
        // What it throws ends this handshake, as its cause.
        const key = presharedKey(identity);
        if (key) identities.set(socket, identity);
        return key ?? null;
      },
      // Who comes back with a ticket would not say who it is.
      secureOptions: constants.SSL_OP_NO_TICKET,
    }),
  };
}

/** The socket below. Node gives it no public name; where it had none any more, every handshake would fail, and none succeed by mistake. */
export const rawOf = (socket: TLSSocket): Socket =>
  (socket as unknown as { readonly _parent: Socket })._parent;

/** Of a certificate that is not good, Node tells the code alone. */
const withCode = (code: unknown) =>
  Object.assign(new Error(`The certificate is not good: ${code}`), { code: String(code) });
