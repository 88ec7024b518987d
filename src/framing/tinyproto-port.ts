import type { ProtocolError } from '../errors.js';
import type { Wait } from './framing.js';

/** The waits of a conversation, each with a deadline of its own. `quiet` is no fault: it wants to be told. */
export type TinyprotoWait = Exclude<Wait, 'message'>;

/**
 * What a conversation does to its surroundings: one ordered output of what to write and what has become of our frames.
 * It calls it only from inside its own methods, and none of these calls it back.
 */
export interface TinyprotoPort {
  /** Bytes for the wire, in order. `last` marks the bytes with which the oldest unfinished frame of ours is complete. */
  write(bytes: Uint8Array, last: boolean): void;
  /** The opening exchange is done: messages may pass. */
  opened(): void;
  /** The oldest frame of ours without an outcome has one; outcomes come in the order of `begin`. */
  outcome(of: 'taken' | 'refused'): void;
  /** The peer broke the protocol: see `FramingPort.fail`. */
  fail(error: ProtocolError, options: { readonly reset: boolean }): void;
  /** Starts or restarts the deadline of a wait; at its end `expired(wait)` is called. */
  await(wait: TinyprotoWait, ms: number): void;
  /** The wait is over. */
  settle(wait: TinyprotoWait): void;
  /**
   * Asked before the peer is granted a message of so many bytes. If not, the conversation waits for `retry`; with `force` it grants all the same, and this is
   * to be counted. Absent: always.
   */
  grant?(bytes: number, force: boolean): boolean;
}

/** What a conversation with bodies in parts does besides. */
export interface TinyprotoBodiesPort extends TinyprotoPort {
  /** The turn of the body of the frame begun last has come: the caller writes all of it to the wire, then calls `bodyWritten`. */
  writeBody(): void;
}
