import { webSocket } from '../../src/websocket/index.js';
import { transportContract } from '../contracts/transport.js';

const open = () => webSocket({ probeMs: 50, lingerMs: 300, maxMessageBytes: 64 << 20 });

transportContract('WebSockets, of `ws`', {
  open,
  address: () => 0,
  resets: true,
  halfClose: false,
  roomBytes: 30_000,
  bulkBytes: 32 << 20,
});
