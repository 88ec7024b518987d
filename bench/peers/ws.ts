import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { type Peer, sample } from '../peer.js';
import { audience } from '../raw/audience.js';
import { sendEach } from '../raw/send-each.js';

/** `ws`, without compression. */
export const ws: Peer = {
  name: 'ws',

  sink: ({ got }) => listening((socket) => socket.on('message', got)),

  async source({ size, port }) {
    const message = sample(size);
    const socket = await opened(port);
    sendEach(size, (done) => socket.send(message, done));
  },

  echoServer: () => listening((socket) => socket.on('message', (message) => socket.send(message))),

  async echoClient({ size, window, port, got }) {
    const message = sample(size);
    const socket = await opened(port);
    socket.on('message', (answer: Buffer) => {
      got(answer);
      socket.send(message);
    });
    for (let sent = 0; sent < window; sent++) socket.send(message);
  },

  broadcaster({ size, window, connections }) {
    const sockets: WebSocket[] = [];
    const message = sample(size);
    const round = () => {
      for (let sent = 0; sent < window; sent++) for (const socket of sockets) socket.send(message);
    };
    return listening((socket) => {
      socket.on('message', round);
      sockets.push(socket);
      if (sockets.length === connections) setImmediate(round);
    });
  },

  /** By hand as well, so that all audiences cost the same. */
  audience: (part) =>
    audience(part, {
      frameBytes: part.size + (part.size < 126 ? 2 : 4),
      opening: (socket) => socket.write(upgrade),
      opened: (chunk) => chunk.length - chunk.indexOf('\r\n\r\n') - 4,
      // One byte, masked with zeros.
      heard: Buffer.of(0x82, 0x81, 0, 0, 0, 0, 1),
    }),
};

const upgrade = [
  'GET / HTTP/1.1',
  'Host: localhost',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  '\r\n',
].join('\r\n');

const options = { perMessageDeflate: false, maxPayload: 64 << 20 };

function listening(connected: (socket: WebSocket) => void): Promise<number> {
  const server = new WebSocketServer({ ...options, port: 0, host: '127.0.0.1' });
  server.on('connection', (socket) => {
    socket.on('error', () => {});
    connected(socket);
  });
  return new Promise((resolve) => {
    server.on('listening', () => resolve((server.address() as AddressInfo).port));
  });
}

function opened(port: number): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, options);
  return new Promise((resolve) => {
    socket.on('open', () => resolve(socket));
  });
}
