import type { Socket } from 'node:net';
import { sizedReader } from './sized-reader.js';
import { Slab } from './slab.js';
import { tunedClient, tunedServer } from './tuned-sockets.js';

/** The tuned relay: what has come in one turn goes out in one write; while the other side is full, this one is not read. */
export function tunedRelay(onward: number): Promise<number> {
  return tunedServer((inside) => {
    const early: Uint8Array[] = [];
    let pass = (message: Uint8Array): void => {
      early.push(message);
    };
    let outside: Socket | undefined;
    tunedClient(onward, (socket) => {
      outside = socket;
      const slab = new Slab(socket);
      pass = (message) => slab.frame(message);
      for (const message of early) pass(message);
      socket.on('drain', () => inside.resume());
      inside.resume();
      return sizedReader(() => {});
    });
    const read = sizedReader((message) => pass(message));
    return (length, shared) => {
      read(length, shared);
      return outside !== undefined && !outside.writableNeedDrain;
    };
  });
}
