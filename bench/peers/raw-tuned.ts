import { createServer, type Socket } from 'node:net';
import { type Got, type Peer, sample, type Wire } from '../peer.js';
import { flood } from '../raw/flood.js';
import { talk } from '../raw/handshake.js';
import { portOf } from '../raw/port.js';
import { tunedRelay } from '../raw/relay.js';
import { sizedAudience } from '../raw/sized-audience.js';
import { sizedReader } from '../raw/sized-reader.js';
import { Slab } from '../raw/slab.js';
import { type Chunk, tunedClient, tunedServer } from '../raw/tuned-sockets.js';
import { Waiting } from '../raw/waiting.js';

/** The best loop by hand over `node:net` that we know: the limit that the library is judged by. */
export const rawTuned: Peer = {
  name: 'raw-tuned',

  sink: ({ wire, got }) =>
    tunedServer((socket) => (wire === 'lengthPrefixed' ? sizedReader(got) : talk(socket, wire, got).chunk)),

  source({ wire, size, port }) {
    const message = sample(size);
    tunedClient(port, (socket) => {
      if (wire !== 'lengthPrefixed') {
        return talk(
          socket,
          wire,
          () => {},
          () => message,
        ).chunk;
      }
      const slab = new Slab(socket);
      flood(
        socket,
        () => slab.writable,
        () => {
          slab.frame(message);
          return size;
        },
      );
      return () => {};
    });
  },

  echoServer: ({ wire }) => tunedServer((socket) => echoing(socket, wire, (message) => message)),

  echoClient({ wire, size, window, port, got }) {
    const message = sample(size);
    const first = Array.from({ length: window }, () => message);
    tunedClient(port, (socket) => {
      const answering = (answer: Uint8Array) => {
        got(answer);
        return message;
      };
      return echoing(socket, wire, answering, first);
    });
  },

  relay: ({ port }) => tunedRelay(port),

  /** The frames of a turn are made once, and one buffer goes to all. */
  broadcaster({ size, window, connections }) {
    const sockets: Socket[] = [];
    const message = sample(size);
    const header = Buffer.alloc(4);
    header.writeUInt32BE(size);
    const round = () => {
      const frames = Buffer.concat(Array.from({ length: window }, () => [header, message]).flat());
      for (const socket of sockets) socket.write(frames);
    };
    return tunedServer((socket) => {
      sockets.push(socket);
      if (sockets.length === connections) setImmediate(round);
      return sizedReader(round);
    });
  },

  audience: sizedAudience,

  /** Bare sockets. */
  idle({ got }) {
    const sockets = new Set<Socket>();
    return portOf(
      createServer((socket) => {
        sockets.add(socket);
        got(nothing);
      }),
    );
  },
};

const nothing = new Uint8Array(0);

/** Answers each message; says something of its own first. */
function echoing(
  socket: Socket,
  wire: Wire,
  answer: (message: Uint8Array) => Uint8Array,
  first: readonly Uint8Array[] = [],
): Chunk {
  if (wire === 'lengthPrefixed') {
    const slab = new Slab(socket);
    for (const message of first) slab.frame(message);
    return sizedReader((message) => slab.frame(answer(message)));
  }
  const waiting = new Waiting();
  const queue: Got = (message) => {
    waiting.push(answer(message));
    side.begin();
  };
  const side = talk(socket, wire, queue, waiting.shift);
  for (const message of first) waiting.push(message);
  return side.chunk;
}
