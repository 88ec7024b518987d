import { parseAddress } from './address.js';
import { tcpDial } from './tcp-dial.js';
import { tcpListen } from './tcp-listen.js';
import type { TcpOptions } from './tcp-options.js';
import type { Transport } from './transport.js';

/**
 * TCP and Unix sockets, as Node has them.
 *
 * Wires have no delay (Nagle's algorithm is off) and keep-alive. A Unix socket cannot say RST: a reset looks like FIN there.
 * Its file is removed when listening ends; one that a dead server left behind is replaced, one of a living server is
 * `address-in-use`, and a file that is no socket is never touched.
 */
export function tcp(options: TcpOptions = {}): Transport {
  return {
    listen: (address, listenOptions = {}) =>
      tcpListen(parseAddress(address, 'listen'), options, listenOptions),
    dial: (address) => tcpDial(parseAddress(address, 'dial'), options),
  };
}
