import { Pair, Pull, Push } from 'zeromq';
import { type Peer, sample } from '../peer.js';
import { Waiting } from '../raw/waiting.js';

/** `zeromq`: libzmq in a thread of its own, PUSH to PULL one way, and PAIR for echoes. */
export const zeromq: Peer = {
  name: 'zeromq',

  async sink({ got }) {
    const socket = new Pull();
    const port = await bound(socket);
    void receive(socket, got);
    return port;
  },

  source({ size, port }) {
    const message = sample(size);
    const socket = new Push();
    socket.connect(`tcp://127.0.0.1:${port}`);
    void (async () => {
      for (;;) await socket.send(message);
    })();
  },

  async echoServer() {
    const socket = new Pair();
    const port = await bound(socket);
    const send = queued(socket);
    void receive(socket, send);
    return port;
  },

  echoClient({ size, window, port, got }) {
    const message = sample(size);
    const socket = new Pair();
    socket.connect(`tcp://127.0.0.1:${port}`);
    const send = queued(socket);
    void receive(socket, (answer) => {
      got(answer);
      send(message);
    });
    for (let sent = 0; sent < window; sent++) send(message);
  },
};

async function bound(socket: Pair | Pull): Promise<number> {
  await socket.bind('tcp://127.0.0.1:*');
  return Number(socket.lastEndpoint?.split(':').at(-1));
}

async function receive(socket: AsyncIterable<Buffer[]>, got: (message: Buffer) => void): Promise<void> {
  for await (const [message] of socket) got(message as Buffer);
}

/** A socket of zeromq's sends one message at a time. */
function queued(socket: Pair): (message: Uint8Array) => void {
  const waiting = new Waiting();
  let sending = false;
  const drain = async () => {
    sending = true;
    for (let next = waiting.shift(); next; next = waiting.shift()) await socket.send(next);
    sending = false;
  };
  return (message) => {
    waiting.push(message);
    if (!sending) void drain();
  };
}
