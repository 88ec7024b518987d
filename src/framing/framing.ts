import type { ByteQueue } from '../bytes/byte-queue.js';
import type { Frame, FramingOut, FramingTalk } from '../outbox/frame.js';
import type { Decoder } from './decoder.js';
import type { Rules } from './tinyproto-options.js';

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
  /** Opens the state of one connection: most often a decoder, and nothing else. Writes nothing before `start`. */
  open(port: FramingPort): FramingMachine;
  /** How it carries messages too large to hold. Absent where it cannot. */
  readonly streams?: FramingStreams;
}

/**
 * The state of one connection, free of I/O, of clocks and of RxJS: a decoder, and what else a framing needs.
 *
 * What is absent is what most framings are: open at once; a message of ours is written whole when it is sent, and taken when the kernel has it; the peer is held by
 * the road. The owner sees to the ends: it reads what is here before it calls `end`, and a machine that has thrown is asked nothing more. One that looks into chunks as they are pushed
 * tells of faults with `FramingPort.fail`.
 */
export interface FramingMachine<M = Uint8Array> extends Decoder<M> {
  /** Where the directions of a framing depend on each other: what it says by itself, and when ours may begin. A machine that has it calls `queueFrames` when it is opened. */
  readonly talk?: FramingTalk | undefined;
  /** A message that was read is consumed: its place may be given to another. In any order. */
  consumed?(): void;
  /**
   * All that could be done now is done. `wanted`: another message would be read. Returns whether what is unread is to wait on the road: by default if nobody wants it.
   */
  look?(wanted: boolean): boolean;
  /** The deadline of a wait has passed. */
  expired?(wait: Wait): void;
}

/** A framing that says the size of a message ahead of it can carry the body in parts. The bytes on the wire are the same. */
export interface FramingStreams {
  /** Frames a message of so many bytes, above 0, that come later. Throws as `Framing.encode` does. */
  encode(size: number): Frame;
  /** Opens the state of a connection whose large messages are streamed. `machines` are the library's own; a framing may bring another. */
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

/**
 * The state of a connection whose large messages come and go in parts. Small ones, which may have to be out of the way for what stands behind them, are
 * collected and had with `read`, as everywhere.
 */
export interface StreamingMachine extends FramingMachine {
  readonly talk: FramingTalk;
  /** The size of the next message, if it is a large one whose beginning is here. It is unread until its last part is. */
  readHead(): number | undefined;
  /** Bytes of the message whose head was read, as they came. The caller counts them, and skips by reading. Call `consumed` only when all of them are read. */
  readPart(): Uint8Array | undefined;
  /** The last byte of the body that `writeBody` asked for was written. Until then nothing else may be written, and no frame may begin. */
  bodyWritten(): void;
}

/** What a machine of streamed bodies does besides. */
export interface StreamingPort extends FramingPort {
  /** The turn of the body of the frame begun last has come: the caller writes all of it to the wire, then calls `bodyWritten`. */
  writeBody(): void;
  /** Ends the connection at once: nothing can be said any more that would be understood. */
  destroy(): void;
}

/** The waits that a machine can be in, each with a deadline of its own. `quiet` is no fault: the machine wants to be told. */
export type Wait = 'opening' | 'header' | 'payload' | 'answer' | 'mutual-hold' | 'quiet' | 'message';

/**
 * What a machine does to its surroundings.
 * A machine calls it only from inside its own methods, and none of these calls it back. One that has something to say by itself calls `turn` behind it.
 */
export interface FramingPort {
  /** How long a message that has begun may take to come, where the framing has no deadlines of its own. */
  readonly settings: { readonly messageTimeoutMs: number };
  /** What has passed so far. */
  readonly traffic: { readonly bytesIn: number; readonly messagesIn: number };
  /** Messages that were read and are not consumed. Before the first is read, they are those of another framing. */
  readonly held: number;
  /** What counts the bytes that are granted. Absent: nothing does. */
  readonly grants?: FramingGrants | undefined;
  /** One ordered output of what to write and what has become of our frames, for a machine with a `talk`. Where frames go out at once there is none, before it asks for it: see `queueFrames`. */
  out: Partial<FramingOut>;
  /** The opening exchange is done: messages may pass. */
  ready(): void;
  /**
   * The connection has failed, as a rule with a `ProtocolError`: nothing more will be read or written. Messages that were complete before it can still be read.
   * `reset`: a FIN would be misread, only RST ends this wire safely. Otherwise what was written last (a refusal) is for the peer to see.
   */
  fail(error: unknown, reset?: boolean): void;
  /** Starts or restarts the deadline of a wait; at its end `expired(wait)` is called. Without a time, the wait is over. */
  await(wait: Wait, ms?: number): void;
  /** Has everything done that has become possible. */
  turn(): void;
}

/** What counts the bytes that machines grant to their peers. */
export interface FramingGrants {
  /** Asked before the peer is granted a message of so many bytes. If not, the machine waits for `retry`; with `force` it grants all the same. */
  grant(bytes: number, force: boolean): boolean;
}
