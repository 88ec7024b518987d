import { connect, createServer, type Socket } from 'node:net';
import { type Got, type Peer, sample } from '../peer.js';
import { flood } from '../raw/flood.js';
import { portOf } from '../raw/port.js';
import { sizedAudience } from '../raw/sized-audience.js';

/** What one writes first: a write for each message, and what has come joined before it is looked at. */
export const rawNaive: Peer = {
  name: 'raw-naive',

  sink: ({ got }) => portOf(server((socket) => receive(socket, got))),

  source({ size, port }) {
    const message = sample(size);
    const socket = client(port);
    const more = () => !socket.writableNeedDrain;
    flood(socket, more, () => {
      send(socket, message);
      return size;
    });
  },

  echoServer: () => portOf(server((socket) => receive(socket, (message) => send(socket, message)))),

  echoClient({ size, window, port, got }) {
    const message = sample(size);
    const socket = client(port);
    receive(socket, (answer) => {
      got(answer);
      send(socket, message);
    });
    for (let sent = 0; sent < window; sent++) send(socket, message);
  },

  relay: ({ port }) =>
    portOf(
      server((inside) => {
        const outside = client(port);
        outside.on('drain', () => inside.resume());
        receive(inside, (message) => {
          if (!send(outside, message)) inside.pause();
        });
      }),
    ),

  broadcaster({ size, window, connections }) {
    const sockets: Socket[] = [];
    const message = sample(size);
    const round = () => {
      for (let sent = 0; sent < window; sent++) for (const socket of sockets) send(socket, message);
    };
    return portOf(
      server((socket) => {
        receive(socket, round);
        sockets.push(socket);
        if (sockets.length === connections) setImmediate(round);
      }),
    );
  },

  audience: sizedAudience,
};

const server = (connected: (socket: Socket) => void) => createServer({ noDelay: true }, connected);
const client = (port: number) => connect({ port, host: '127.0.0.1', noDelay: true });

function send(socket: Socket, message: Uint8Array): boolean {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(message.length);
  return socket.write(Buffer.concat([header, message]));
}

function receive(socket: Socket, got: Got): void {
  let bytes: Buffer = Buffer.alloc(0);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    bytes = Buffer.concat([bytes, chunk]);
    while (bytes.length >= 4) {
      const end = 4 + bytes.readUInt32BE(0);
      if (bytes.length < end) break;
      got(bytes.subarray(4, end));
      bytes = bytes.subarray(end);
    }
  });
}
