import type { Address, Transport } from '../../src/transport/transport.js';
import { webSocket } from '../../src/websocket/index.js';
import { transportContract } from '../contracts/transport.js';
import { authority } from '../helpers/certificates.js';

const options = { probeMs: 50, lingerMs: 300, maxMessageBytes: 64 << 20 };
const contract = { address: () => 0, resets: true, halfClose: false, roomBytes: 30_000 } as const;

transportContract('WebSockets, of `ws`', {
  ...contract,
  open: () => webSocket(options),
  bulkBytes: 32 << 20,
});

const ca = await authority();
const tls = { ...(await ca.issue('localhost')), ca: ca.cert };

/** Its addresses are the contract's, with TLS. */
function secured({ listen, dial }: Transport): Transport {
  const withTls = (address: Address) => {
    if (typeof address === 'object' && 'port' in address) return `wss://${address.host}:${address.port}`;
    return address === 0 ? 'wss://127.0.0.1:0' : address;
  };
  return {
    listen: (address, asked) => listen(withTls(address), asked),
    dial: (address) => dial(withTls(address)),
  };
}

transportContract('WebSockets over TLS', {
  ...contract,
  open: () => secured(webSocket({ ...options, tls })),
  bulkBytes: 16 << 20,
  wires: 100,
  monkeys: 50,
});
