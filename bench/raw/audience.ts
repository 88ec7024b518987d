import type { Socket } from 'node:net';
import { type Part, sample } from '../peer.js';
import { type Chunk, tunedClient } from './tuned-sockets.js';

/** How the members of an audience talk: how long a frame is, what they say first, and what says that all have heard a round. */
export interface Manners {
  readonly frameBytes: number;
  readonly opening?: (socket: Socket) => void;
  /** How many bytes of the first chunk are frames, if it begins with something else. */
  readonly opened?: (chunk: Buffer) => number;
  readonly heard: Uint8Array;
}

/** So many connections are being made at a time. */
const atOnce = 100;

/**
 * Many connections in one process, which only count bytes: so the server is what is measured. When each has what a round brings,
 * the first one says so, and the next round begins.
 */
export function audience({ size, window, connections, port, got }: Part, manners: Manners): void {
  const message = sample(size);
  const roundBytes = connections * window * manners.frameBytes;
  let bytes = 0;
  let counted = 0;
  let speaker: Socket | undefined;
  let begun = 0;

  const listener = (socket: Socket): Chunk => {
    speaker ??= socket;
    manners.opening?.(socket);
    if (begun < connections) join();
    let opened = manners.opened;
    return (length, shared) => {
      bytes += opened ? opened(shared.subarray(0, length)) : length;
      opened = undefined;
      if (bytes > roundBytes) throw new Error(`${bytes} bytes of a round of ${roundBytes}`);
      for (; counted < Math.floor(bytes / manners.frameBytes); counted++) got(message);
      if (bytes === roundBytes) finish();
    };
  };

  function join(): void {
    begun++;
    tunedClient(port, listener);
  }

  function finish(): void {
    bytes = 0;
    counted = 0;
    speaker?.write(manners.heard);
  }

  for (let each = Math.min(atOnce, connections); each > 0; each--) join();
}
