import { wiresThatFit } from '../transport/descriptors.js';
import type { Address, Transport } from '../transport/transport.js';
import { parsePlace } from './places.js';
import { wsDial } from './ws-dial.js';
import { wsAttach, wsListen } from './ws-listen.js';
import type { WebSocketOptions } from './ws-options.js';
import { demandLimits } from './ws-settings.js';

/**
 * WebSockets, in Node: addresses are `ws://host:port/path` and `wss://…`, or ports and hosts as everywhere.
 *
 * A chunk is a binary frame, and arrives as it was written. FIN is a close frame, which ends both directions: `end()` of a connection throws, `close()` is the
 * way. 1000, 1001 and a close frame without a code are a clean end; a socket that ends without one is `reset`; any other code is `closed-with-code`. Text frames
 * are refused unless `textFrames` says otherwise. A wire that is paused leaves everything in the kernel, which holds the peer.
 *
 * With `server` it listens on a path of that server. Otherwise each `listen` has an HTTP server of its own, with `tls` for `wss://`. Pages of other hosts are
 * refused unless `origins` names theirs.
 *
 * @example
 * ```ts
 * import { consume, serve } from 'rx-tinyproto';
 * import { listen, webSocket } from 'rx-tinyproto/websocket';
 *
 * listen('ws://127.0.0.1:8080/echo', { transport: webSocket({ origins: ['https://example.org'] }) })
 *   .pipe(serve((conn) => conn.messages$.pipe(consume((message) => conn.send(message)))))
 *   .subscribe();
 * ```
 */
export function webSocket(options: WebSocketOptions = {}): Transport {
  const { server, tls } = options;
  demandLimits(options);
  return {
    get maxWires() {
      return wiresThatFit();
    },
    listen(address, listenOptions = {}) {
      if (server) return wsAttach(server, requirePath(address), options, listenOptions);
      const where = parsePlace(address, 'listen');
      if (where.secure && !tls)
        throw new TypeError('Listening on wss:// needs `tls`: a certificate and its key');
      return wsListen(where, options, listenOptions);
    },
    dial: (address) => wsDial(parsePlace(address, 'dial'), options),
  };
}

function requirePath(address: Address): string {
  // As who calls writes it: spaces and letters beyond ASCII in their escaped form.
  if (typeof address === 'string' && /^\/[^?#]*$/.test(address))
    return new URL(`ws://server${address}`).pathname;
  throw new TypeError("On a server that is given, the address is a path: '/chat'");
}
