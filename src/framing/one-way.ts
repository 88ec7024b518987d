import type { ByteQueue } from '../bytes/byte-queue.js';
import type { Decoder } from './decoder.js';
import { tooLargeToSend } from './faults.js';
import type { Frame, Framing, FramingStreams, Prefix } from './framing.js';
import { OneWayMachine } from './one-way-machine.js';

/** A framing whose two directions know nothing of each other: what it takes to make a {@link Framing} of it. */
export interface OneWay {
  readonly name: string;
  readonly maxMessageBytes: number;
  /** Frames a message that is not above the limit. */
  encode(message: Uint8Array): Frame;
  /** A decoder for one stream of bytes. `wake` may be called at any time, by one that has something to say without being asked. */
  decoder(wake: () => void): Decoder;
  /** Where sizes go ahead: what stands before a body of so many bytes, and how it is read, if it is here. */
  readonly streams?: {
    head(size: number): Uint8Array;
    prefix(bytes: ByteQueue): Prefix | undefined;
  };
}

export function oneWay({ name, maxMessageBytes, encode, decoder, streams }: OneWay): Framing {
  return {
    name,
    maxMessageBytes,
    halfClose: true,
    encode(message) {
      if (message.length > maxMessageBytes) throw tooLargeToSend(message.length, maxMessageBytes);
      return encode(message);
    },
    open(port) {
      return new OneWayMachine(
        decoder(() => port.await('quiet', 0)),
        port,
      );
    },
    ...(streams && { streams: streaming(streams, maxMessageBytes) }),
  };
}

function streaming({ head, prefix }: NonNullable<OneWay['streams']>, most: number): FramingStreams {
  return {
    encode(size) {
      if (size > most) throw tooLargeToSend(size, most);
      return { head: head(size), body: NONE, tail: NONE, streamed: size };
    },
    open: (port, machines) => machines.oneWay(prefix, port),
  };
}

const NONE = new Uint8Array(0);
