import { connectOver } from '../../src/client/connect.js';
import { wholeChunks } from '../../src/framing/whole-chunks.js';
import { listenOver } from '../../src/server/listen.js';
import { virtualNetwork } from '../../src/testing/virtual-network.js';
import type { Address, Transport } from '../../src/transport/transport.js';
import { webSocket as realWebSocket } from '../../src/websocket/index.js';

// What `rx-tinyproto/websocket` is in the pages of the docs: the door for WebSockets, on a network in memory. Options are checked, and nothing binds.
const net = virtualNetwork();

const onNet = (address: Address): Address => {
  if (typeof address !== 'string' || !/^wss?:|^\//.test(address)) return address;
  if (address.startsWith('/')) return { path: address };
  const { hostname, port, protocol } = new URL(address);
  return `${hostname}:${port || (protocol === 'wss:' ? 443 : 80)}`;
};

export const webSocket: typeof realWebSocket = (options) => {
  const real = realWebSocket(options);
  const transport: Transport = {
    listen(address, listenOptions) {
      real.listen(address); // throws for what cannot be meant
      return net.listen(onNet(address), listenOptions);
    },
    dial: (address) => net.dial(onNet(address)),
  };
  return transport;
};

const defaults = { transport: webSocket(), framing: wholeChunks() };

export const listen = listenOver(defaults);
export const connect = connectOver(defaults);
