import type { Peer, Wire } from '../peer.js';

interface Entry {
  /** Only in the processes that run it. */
  readonly load: () => Promise<Peer>;
  /** What it speaks; a library with a wire of its own takes part where messages just follow their length. */
  readonly wires: readonly Wire[];
  /** Not a library: what a program without one can do. */
  readonly byHand?: boolean;
}

const plain: readonly Wire[] = ['lengthPrefixed'];
const all: readonly Wire[] = ['lengthPrefixed', 'tinyproto', 'pipelined'];

/** Who takes part. */
export const peers: Readonly<Record<string, Entry>> = {
  'rx-tinyproto': { load: async () => (await import('./ours.js')).ours, wires: all },
  'raw-tuned': { load: async () => (await import('./raw-tuned.js')).rawTuned, wires: all, byHand: true },
  'raw-naive': { load: async () => (await import('./raw-naive.js')).rawNaive, wires: plain, byHand: true },
  ws: { load: async () => (await import('./ws.js')).ws, wires: plain },
  zeromq: { load: async () => (await import('./zeromq.js')).zeromq, wires: plain },
  '@nestjs/microservices': { load: async () => (await import('./nestjs.js')).nestjs, wires: plain },
  'rsocket-core': { load: async () => (await import('./rsocket.js')).rsocket, wires: plain },
  'frame-stream': { load: async () => (await import('./frame-stream.js')).frameStream, wires: plain },
  'it-length-prefixed': {
    load: async () => (await import('./it-length-prefixed.js')).itLengthPrefixed,
    wires: plain,
  },
};
