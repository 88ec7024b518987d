import type { Decoder } from './decoder.js';
import { tooLargeToSend } from './faults.js';
import type { Frame, Framing } from './framing.js';
import { OneWayMachine } from './one-way-machine.js';

/** A framing whose two directions know nothing of each other: what it takes to make a {@link Framing} of it. */
export interface OneWay {
  readonly name: string;
  readonly maxMessageBytes: number;
  /** Frames a message that is not above the limit. */
  encode(message: Uint8Array): Frame;
  /** A decoder for one stream of bytes. `wake` may be called at any time, by one that has something to say without being asked. */
  decoder(wake: () => void): Decoder;
}

export function oneWay({ name, maxMessageBytes, encode, decoder }: OneWay): Framing {
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
  };
}
