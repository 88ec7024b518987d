import type { Kind } from '../kinds.js';
import type { Peer, Wire } from '../peer.js';

interface Entry {
  /** Only in the processes that run it. */
  readonly load: () => Promise<Peer>;
  /** What it speaks; a library with a wire of its own takes part where messages just follow their length. */
  readonly wires: readonly Wire[];
  /** Where it takes part, if not in one way and echo alone. */
  readonly kinds?: readonly Kind[];
  /** Not a library: what a program without one can do. */
  readonly byHand?: boolean;
}

export const everyday: readonly Kind[] = ['oneWay', 'echo'];
const plain: readonly Wire[] = ['lengthPrefixed'];
const allKinds: readonly Kind[] = ['oneWay', 'echo', 'relay', 'broadcast', 'idle'];
const all: readonly Wire[] = ['lengthPrefixed', 'tinyproto', 'pipelined'];

/** Who takes part. */
export const peers: Readonly<Record<string, Entry>> = {
  'rx-tinyproto': { load: async () => (await import('./ours.js')).ours, wires: all, kinds: allKinds },
  'raw-tuned': {
    load: async () => (await import('./raw-tuned.js')).rawTuned,
    wires: all,
    kinds: allKinds,
    byHand: true,
  },
  'raw-naive': {
    load: async () => (await import('./raw-naive.js')).rawNaive,
    wires: plain,
    kinds: [...everyday, 'relay', 'broadcast'],
    byHand: true,
  },
  ws: { load: async () => (await import('./ws.js')).ws, wires: plain, kinds: [...everyday, 'broadcast'] },
  zeromq: { load: async () => (await import('./zeromq.js')).zeromq, wires: plain },
  '@nestjs/microservices': { load: async () => (await import('./nestjs.js')).nestjs, wires: plain },
  'rsocket-core': { load: async () => (await import('./rsocket.js')).rsocket, wires: plain },
  'frame-stream': { load: async () => (await import('./frame-stream.js')).frameStream, wires: plain },
  'it-length-prefixed': {
    load: async () => (await import('./it-length-prefixed.js')).itLengthPrefixed,
    wires: plain,
  },
  'tinyproto (Python)': { load: async () => (await import('./python.js')).python, wires: ['tinyproto'] },
};
