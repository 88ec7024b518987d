import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { decode, encode } from 'it-length-prefixed';
import { type Got, type Peer, sample } from '../peer.js';
import { portOf } from '../raw/port.js';

/** `it-length-prefixed`, libp2p's: asynchronous iterables on both sides of a socket. */
export const itLengthPrefixed: Peer = {
  name: 'it-length-prefixed',

  sink: ({ got }) => portOf(createServer({ noDelay: true }, (socket) => void receive(socket, got))),

  source({ size, port }) {
    const message = sample(size);
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    void (async () => {
      for (const frame of encode(endless(message))) {
        if (!socket.write(frame.subarray())) await once(socket, 'drain');
      }
    })();
  },

  echoServer: () =>
    portOf(
      createServer({ noDelay: true }, (socket) => void receive(socket, (message) => send(socket, message))),
    ),

  echoClient({ size, window, port, got }) {
    const message = sample(size);
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    void receive(socket, (answer) => {
      got(answer);
      send(socket, message);
    });
    for (let sent = 0; sent < window; sent++) send(socket, message);
  },
};

const limits = { maxDataLength: 64 << 20 };

function send(socket: Socket, message: Uint8Array): void {
  socket.write(encode.single(message).subarray());
}

async function receive(socket: Socket, got: Got): Promise<void> {
  socket.on('error', () => socket.destroy());
  for await (const message of decode(socket, limits)) got(message.subarray());
}

function* endless<T>(value: T): Iterable<T> {
  for (;;) yield value;
}
