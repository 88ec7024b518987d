/** How messages are told apart on the wire, where a library leaves the choice. */
export type Wire = 'lengthPrefixed' | 'tinyproto' | 'pipelined';

/** What all processes of a run are told. */
export interface Task {
  readonly wire: Wire;
  /** Bytes of a message. */
  readonly size: number;
  /** Messages under way at once, where there are answers; messages of one turn, where they are broadcast. */
  readonly window: number;
  /** `stream`: one call for all messages, paced. `each`: a call for each, which tells when it is taken. */
  readonly sending: 'stream' | 'each';
  /** How many connections there are. */
  readonly connections: number;
}

/** Is called with each message that has come. */
export type Got = (message: Uint8Array) => void;

/** What one process of a run is given. */
export interface Part extends Task {
  /** Where the process before it listens. */
  readonly port: number;
  readonly got: Got;
}

/** Runs until the process is told to stop. Who listens, does so on a port of the system's choice, and returns it, or a promise of it. */
export type Role = (part: Part) => unknown;

/** What one library, or one program by hand, does in each kind of case. What it cannot do is absent. */
export interface Peer {
  readonly name: string;
  /** The receiving end of a stream of messages. */
  readonly sink?: Role;
  /** Its sending end: as fast as it is taken. */
  readonly source?: Role;
  /** Sends every message back. */
  readonly echoServer?: Role;
  /** Keeps `window` messages under way. */
  readonly echoClient?: Role;
  /** Listens, and passes on to `port` what comes; slows down who is too fast for it. */
  readonly relay?: Role;
  /** Sends `window` messages to all of its connections in one turn, again and again: see broadcasting.ts. */
  readonly broadcaster?: Role;
  /** As many connections to it; `got` is called with what comes on any of them. */
  readonly audience?: Role;
  /** Accepts connections on which nothing happens, and calls `got` for each. */
  readonly idle?: Role;
}

/** A message of a size, with something in it that shows a shift. */
export function sample(size: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: size }, (_, at) => (at * 7 + size) & 0xff));
}
