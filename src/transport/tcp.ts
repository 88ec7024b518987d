import { fileMode, parseAddress } from './address.js';
import { wiresThatFit } from './descriptors.js';
import { demandTimes } from './patience.js';
import { tcpDial } from './tcp-dial.js';
import { tcpListen } from './tcp-listen.js';
import type { TcpOptions } from './tcp-options.js';
import type { Transport } from './transport.js';

/**
 * TCP and Unix sockets, as Node has them, and TLS over both.
 *
 * Wires have no delay (Nagle's algorithm is off) and keep-alive. A Unix socket cannot say RST: a reset looks like FIN there.
 * Its file is removed when listening ends, and no other server's that stands there by then; one that a dead server left behind is replaced, one of a living server is
 * `address-in-use`, and a file that is no socket is never touched. It can hold 80 % of the file descriptors of the process.
 *
 * With TLS, peers are verified and a handshake has 10 s (`handshake-timeout`). `not-trusted`: the certificate of the peer, or ours to it, is not good. `tls-failed`: the two have
 * nothing in common, or the peer speaks no TLS. Whether a FIN came behind a `close_notify` is not told: whoever can cut the road can make an end between two messages.
 *
 * @example
 * ```ts
 * import { listen, serve, tcp } from 'rx-tinyproto';
 *
 * const server$ = listen(9123, { transport: tcp({ keepAliveMs: 5_000 }) }).pipe(serve((conn) => conn.messages$));
 * ```
 */
export function tcp(options: TcpOptions = {}): Transport {
  const { keepAliveMs, probeMs, lingerMs, nextAddressMs } = options;
  demandTimes({ keepAliveMs, probeMs, lingerMs, nextAddressMs });
  return {
    canSecure: true,
    get maxWires() {
      return wiresThatFit();
    },
    listen: (address, listenOptions = {}) =>
      tcpListen(parseAddress(address, 'listen'), { ...options, ...listenOptions }, fileMode(address)),
    dial: (address, dialOptions = {}) =>
      tcpDial(parseAddress(address, 'dial'), { ...options, ...dialOptions }),
  };
}
