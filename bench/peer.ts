/** How messages are told apart on the wire, where a library leaves the choice. */
export type Wire = 'lengthPrefixed' | 'tinyproto' | 'pipelined';

/** What both processes of a run are told. */
export interface Task {
  readonly wire: Wire;
  /** Bytes of a message. */
  readonly size: number;
  /** Messages under way at once, where there are answers. */
  readonly window: number;
  /** `stream`: one call for all messages, paced. `each`: a call for each, which tells when it is taken. */
  readonly sending: 'stream' | 'each';
}

/** Is called with each message that has come. */
export type Got = (message: Uint8Array) => void;

/**
 * What one library, or one hand-written program, does in each kind of case. What it cannot do is absent.
 *
 * Servers listen on a port of the system's choice and resolve with it. Everything runs until the process is told to stop.
 */
export interface Peer {
  readonly name: string;
  /** The receiving end of a stream of messages. */
  sink?(task: Task, got: Got): Promise<number>;
  /** Its sending end: as fast as it is taken. */
  source?(task: Task, port: number): void | Promise<void>;
  /** Sends every message back. */
  echoServer?(task: Task): Promise<number>;
  /** Keeps `window` messages under way. */
  echoClient?(task: Task, port: number, got: Got): void | Promise<void>;
}

/** A message of a size, with something in it that shows a shift. */
export function sample(size: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: size }, (_, at) => (at * 7 + size) & 0xff));
}
