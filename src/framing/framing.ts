import type { ByteQueue } from '../bytes/byte-queue.js';
import type { ProtocolError } from '../errors.js';
import type { Rules } from './tinyproto-options.js';

/** The bytes of one message as they go on the wire: `head`, `body`, `tail`, each may be empty. `body` is the caller's own buffer, not a copy. */
export interface Frame {
  readonly head: Uint8Array;
  readonly body: Uint8Array;
  readonly tail: Uint8Array;
  /** The size of a body that is not here: it is written a part at a time when its turn comes (`StreamingPort`), and `body` is empty. Above 0. */
  readonly streamed?: number;
}

/**
 * How bytes become messages and messages bytes. A stateless descriptor: one may serve any number of connections.
 *
 * Pure: no I/O, no clock. Every framing runs on every transport.
 */
export interface Framing {
  readonly name: string;
  /** The largest message this framing sends or takes, in bytes. */
  readonly maxMessageBytes: number;
  /** Whether each direction can end by itself, so that `end()` may send FIN and go on reading. */
  readonly halfClose: boolean;
  /** What a server at its connection limit tells the peer before it hangs up. */
  readonly full?: Uint8Array;
  /** Frames a message. Throws a `SendError` (`message-too-large`, …) for one that it cannot carry. The frame may be sent on many connections. */
  encode(message: Uint8Array): Frame;
  /** Opens the state machine of one connection. Writes nothing before `start`. */
  open(port: FramingPort): FramingMachine;
  /** How it carries messages too large to hold. Absent where it cannot. */
  readonly streams?: FramingStreams;
}

/** A framing that says the size of a message ahead of it can carry the body in parts. The bytes on the wire are the same. */
export interface FramingStreams {
  /** Frames a message of so many bytes, above 0, that come later. Throws as `Framing.encode` does. */
  encode(size: number): Frame;
  /** Opens the state machine of a connection whose large messages are streamed. `machines` are the library's own; a framing may bring another. */
  open(port: StreamingPort, machines: StreamingMachines): StreamingMachine;
}

/** The library's machines that carry bodies in parts: handed to a framing by whoever has bodies, so that they are in nobody else's bundle. */
export interface StreamingMachines {
  /** Two directions side by side. `prefix` reads what stands before a message, if it is here, and leaves it there; it throws a `ProtocolError`. */
  oneWay(prefix: (bytes: ByteQueue) => Prefix | undefined, port: StreamingPort): StreamingMachine;
  tinyproto(rules: Rules, port: StreamingPort): StreamingMachine;
}

/** What stands before a message: how many bytes, and how many the message has. */
export interface Prefix {
  readonly bytes: number;
  readonly size: number;
}

/** The waits that a machine can be in, each with a deadline of its own. `quiet` is no fault: the machine wants to be told. */
export type Wait = 'opening' | 'header' | 'payload' | 'answer' | 'mutual-hold' | 'quiet';

/**
 * What a machine does to its surroundings: one ordered output of what to write and what has become of our frames.
 * A machine calls it only from inside its own methods, and none of these calls it back.
 */
export interface FramingPort {
  /** Bytes for the wire, in order. `last` marks the bytes with which the oldest unfinished frame of ours is complete. */
  write(bytes: Uint8Array, last: boolean): void;
  /** The opening exchange is done: messages may pass. */
  opened(): void;
  /** The oldest frame of ours without an outcome has one; outcomes come in the order of `begin`. */
  outcome(of: 'taken' | 'refused'): void;
  /**
   * The peer broke the protocol: nothing more will be read or written. Messages that were complete before it can still be read.
   * `reset`: a FIN would be misread, only RST ends this wire safely. Otherwise what was written last (a refusal) is for the peer to see.
   */
  fail(error: ProtocolError, options: { readonly reset: boolean }): void;
  /** Starts or restarts the deadline of a wait; at its end `expired(wait)` is called. */
  await(wait: Wait, ms: number): void;
  /** The wait is over. */
  settle(wait: Wait): void;
  /**
   * Asked before the peer is granted a message of so many bytes. If not, the machine waits for `retry`; with `force` it grants all the same, and this is
   * to be counted. Absent: always.
   */
  grant?(bytes: number, force: boolean): boolean;
}

/** What a machine of streamed bodies does besides. */
export interface StreamingPort extends FramingPort {
  /** The turn of the body of the frame begun last has come: the caller writes all of it to the wire, then calls `bodyWritten`. */
  writeBody(): void;
}

/**
 * The state of one conversation, free of I/O, of clocks and of RxJS.
 *
 * The caller owns the order: `start`, then any of the rest. Nothing is ever delivered or called back but through the port, and messages are pulled.
 */
export interface FramingMachine {
  /** Whether the wire may be paused to hold the peer. tinyproto's may not: its answers come through it. */
  readonly pausable: boolean;
  /** Bytes and messages taken from the wire and not yet read. */
  readonly unreadBytes: number;
  /** Whether bytes of ours that a peer would need to be whole are missing on the wire: FIN here would be misread. */
  readonly midFrame: boolean;
  /** Begins the conversation: writes what opens it. */
  start(): void;
  /** Takes a chunk that arrived. It is the machine's from now on. */
  receive(chunk: Uint8Array): void;
  /** The peer's FIN. Half a message is `cut-short`; frames of ours without an outcome will have none. */
  receiveEnd(): void;
  /** The next complete message, or undefined. Never decodes ahead of the call more than the protocol forces it to. */
  read(): Uint8Array | undefined;
  /** A message that was read is consumed: its place may be given to another. In any order. */
  consumed(): void;
  /** Whether a frame may begin now. `stream`: it is one of many, which give way to answers, so that two sides that both stream and answer do not get stuck. */
  canBegin(stream: boolean): boolean;
  /** Begins a frame, which `canBegin` allowed. It will go out whole. */
  begin(frame: Frame): void;
  /**
   * Begins a frame, which `canBegin` allowed, behind the one begun last, if it would only write head, body and tail at once: then the caller writes them. An outcome that the one before has
   * already is its outcome, too. Returns false, and does nothing, where there is more to do. Absent: there always is.
   */
  follow?(frame: Frame): boolean;
  /** No more messages are wanted: what is unread is dropped, what comes is accepted and dropped. Frames may still begin. */
  close(): void;
  /** Messages and bytes dropped since `close`. */
  readonly dropped: { readonly messages: number; readonly bytes: number };
  /** Asks whether FIN may go out now, nothing of ours being queued. If so, the last answers are written, and no frame may begin any more. */
  tryEnd(): boolean;
  /** The deadline of a wait has passed. */
  expired(wait: Wait): void;
  /** What `grant` would not have may be granted now. Absent where nothing is granted. */
  retry?(): void;
  /** Gives back the bytes that were received and not read, and ends: another framing goes on from here. */
  release(): Uint8Array;
}

/**
 * The state of a conversation whose large messages come and go in parts. Small ones, which may have to be out of the way for what stands behind them, are
 * collected and had with `read`, as everywhere.
 */
export interface StreamingMachine extends FramingMachine {
  /** The size of the next message, if it is a large one whose beginning is here. It is unread until its last part is. */
  readHead(): number | undefined;
  /** Bytes of the message whose head was read, as they came. The caller counts them, and skips by reading. Call `consumed` only when all of them are read. */
  readPart(): Uint8Array | undefined;
  /** The last byte of the body that `writeBody` asked for was written. Until then nothing else may be written, and no frame may begin. */
  bodyWritten(): void;
}
