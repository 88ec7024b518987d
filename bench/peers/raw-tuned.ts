import type { Socket } from 'node:net';
import { type Got, type Peer, sample, type Task } from '../peer.js';
import { flood } from '../raw/flood.js';
import { talk } from '../raw/handshake.js';
import { sizedReader } from '../raw/sized-reader.js';
import { Slab } from '../raw/slab.js';
import { type Chunk, tunedClient, tunedServer } from '../raw/tuned-sockets.js';
import { Waiting } from '../raw/waiting.js';

/** The best loop by hand over `node:net` that we know: the limit that the library is judged by. */
export const rawTuned: Peer = {
  name: 'raw-tuned',

  sink(task, got) {
    return tunedServer((socket) =>
      task.wire === 'lengthPrefixed' ? sizedReader(got) : talk(socket, task.wire, got).chunk,
    );
  },

  source(task, port) {
    const message = sample(task.size);
    tunedClient(port, (socket) => {
      if (task.wire !== 'lengthPrefixed')
        return talk(
          socket,
          task.wire,
          () => {},
          () => message,
        ).chunk;
      const slab = new Slab(socket);
      flood(
        socket,
        () => slab.writable,
        () => {
          slab.frame(message);
          return message.length;
        },
      );
      return () => {};
    });
  },

  echoServer(task) {
    return tunedServer((socket) => echoing(socket, task, (message) => message));
  },

  echoClient(task, port, got) {
    const message = sample(task.size);
    tunedClient(port, (socket) => {
      const answering = (answer: Uint8Array) => {
        got(answer);
        return message;
      };
      return echoing(
        socket,
        task,
        answering,
        Array.from({ length: task.window }, () => message),
      );
    });
  },
};

/** Answers each message; says something of its own first. */
function echoing(
  socket: Socket,
  { wire }: Task,
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
