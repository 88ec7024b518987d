import { createServer, connect as dial, type Socket } from 'node:net';
import type { Cleanup } from './loopback.js';

/** One direction through a gate: what comes waits until it is let through. */
export interface Passage {
  /** How many bytes have come. */
  readonly came: number;
  /** Lets so many more through, now or when they come. */
  pass(bytes: number): void;
}

/** Both directions of a conversation that goes through a gate. */
export interface Pair {
  /** From who called to who is called. */
  readonly there: Passage;
  readonly back: Passage;
  /** The gate's own port, as who is called sees it. */
  readonly port: number;
}

export interface Gate {
  readonly port: number;
  /** The next conversation, when both ends of it are connected. */
  next(): Promise<Pair>;
}

/** A way to a port on which a test holds every byte in its hand: it decides where what two sides say crosses. */
export async function gate({ onTestFinished }: Cleanup, to: number): Promise<Gate> {
  const pairs: Pair[] = [];
  const waiting: ((pair: Pair) => void)[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = dial({ port: to, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    sockets.add(near).add(far);
    const there = passage(near, far);
    const back = passage(far, near);
    far.once('connect', () => {
      const pair = { there, back, port: far.localPort ?? 0 };
      const first = waiting.shift();
      if (first) first(pair);
      else pairs.push(pair);
    });
  });
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound ? bound.port : 0,
    next() {
      const pair = pairs.shift();
      return pair ? Promise.resolve(pair) : new Promise((met) => waiting.push(met));
    },
  };
}

function passage(from: Socket, to: Socket): Passage {
  const held: Buffer[] = [];
  let came = 0;
  let free = 0;
  let ended = false;

  const flow = () => {
    while (free > 0) {
      const chunk = held.shift();
      if (chunk === undefined) break;
      const piece = chunk.subarray(0, free);
      free -= piece.length;
      to.write(piece);
      if (piece.length < chunk.length) held.unshift(chunk.subarray(piece.length));
    }
    if (ended && held.length === 0) to.end();
  };

  from.on('data', (chunk: Buffer) => {
    came += chunk.length;
    held.push(chunk);
    flow();
  });
  from.on('end', () => {
    ended = true;
    flow();
  });
  // A reset overtakes what is held, as on any road.
  from.on('error', () => to.resetAndDestroy());
  return {
    get came() {
      return came;
    },
    pass(bytes) {
      free += bytes;
      flow();
    },
  };
}
