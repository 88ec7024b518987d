import { connect, createServer, type Socket } from 'node:net';
import { decode, encode } from 'frame-stream';
import { type Peer, sample } from '../peer.js';
import { flood } from '../raw/flood.js';
import { portOf } from '../raw/port.js';

/** `frame-stream`: Node's transform streams around a socket. */
export const frameStream: Peer = {
  name: 'frame-stream',

  sink: ({ got }) => portOf(createServer({ noDelay: true }, (socket) => framesOf(socket).on('data', got))),

  source({ size, port }) {
    const message = sample(size);
    const frames = framesTo(connect({ port, host: '127.0.0.1', noDelay: true }));
    const more = () => !frames.writableNeedDrain;
    flood(frames, more, () => {
      frames.write(message);
      return size;
    });
  },

  echoServer: () =>
    portOf(
      createServer({ noDelay: true }, (socket) => {
        const frames = framesTo(socket);
        framesOf(socket).on('data', (message) => frames.write(message));
      }),
    ),

  echoClient({ size, window, port, got }) {
    const message = sample(size);
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const frames = framesTo(socket);
    framesOf(socket).on('data', (answer) => {
      got(answer);
      frames.write(message);
    });
    for (let sent = 0; sent < window; sent++) frames.write(message);
  },
};

function framesOf(socket: Socket) {
  socket.on('error', () => socket.destroy());
  return socket.pipe(decode());
}

function framesTo(socket: Socket) {
  const frames = encode();
  frames.pipe(socket);
  return frames;
}
