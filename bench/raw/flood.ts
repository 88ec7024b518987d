import type { EventEmitter } from 'node:events';

/** So much is sent in one turn at most: what the kernel takes at once is told of in this turn, and other work of the loop gets its turn, too. */
const turnBytes = 1 << 20;

/** Sends for ever, as fast as it is taken. `frame` sends one message and returns its size. */
export function flood(
  socket: Pick<EventEmitter, 'once'>,
  isWritable: () => boolean,
  frame: () => number,
): void {
  let bytes = 0;
  const nextTurn = () => {
    bytes = 0;
    pump();
  };
  const pump = () => {
    while (bytes < turnBytes && isWritable()) bytes += frame();
    if (bytes >= turnBytes) setImmediate(nextTurn);
    else socket.once('drain', pump);
  };
  pump();
}
