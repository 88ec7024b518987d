import type { ByteQueue } from '../bytes/byte-queue.js';
import type { Frame } from '../outbox/frame.js';
import { tooLargeToSend } from './faults.js';
import type { Framing, FramingMachine, FramingPort, FramingStreams, Prefix } from './framing.js';

/** A framing whose two directions know nothing of each other: what it takes to make a {@link Framing} of it. */
export interface OneWay {
  readonly name: string;
  readonly maxMessageBytes: number;
  /** Frames a message that is not above the limit. */
  encode(message: Uint8Array): Frame;
  /** A decoder for one stream of bytes; where messages come in pieces, one that minds the pace of them: see `PacedDecoder`. */
  open(port: FramingPort): FramingMachine;
  /** Where sizes go ahead; see {@link sizesAhead}. */
  readonly streams?: FramingStreams;
}

export function oneWay({ name, maxMessageBytes, encode, open, streams }: OneWay): Framing {
  return {
    name,
    maxMessageBytes,
    halfClose: true,
    open,
    encode(message) {
      if (message.length > maxMessageBytes) throw tooLargeToSend(message.length, maxMessageBytes);
      return encode(message);
    },
    ...(streams && { streams }),
  };
}

/** Carries bodies in parts: `head` is what stands before one of so many bytes, `prefix` reads it, if it is here. */
export function sizesAhead(
  most: number,
  head: (size: number) => Uint8Array,
  prefix: (bytes: ByteQueue) => Prefix | undefined,
): FramingStreams {
  return {
    encode(size) {
      if (size > most) throw tooLargeToSend(size, most);
      return { head: head(size), body: NONE, tail: NONE, streamed: size };
    },
    open: (port, machines) => machines.oneWay(prefix, port),
  };
}

const NONE = new Uint8Array(0);
