import type { Codec } from '../codec/codec.js';
import { SendError } from '../errors.js';
import type { Frame, Framing } from '../framing/framing.js';
import { demandBody, type OutgoingBody } from './body.js';

/** What a connection speaks at the moment; `reframe` changes it. */
export interface Spoken<In, Out> {
  framing: Framing;
  codec: Codec<In, Out> | undefined;
  /** Whether its messages are bodies. */
  streams: boolean;
}

/** Throws a `TypeError` for what is no message. A codec judges for itself, when it encodes. */
export function demandMessage<Out>(spoken: Spoken<unknown, Out>, message: Out): void {
  if (spoken.streams) demandBody(message);
  else if (spoken.codec === undefined) demandBytes(message);
}

/** The frame of a message. Throws a `SendError` for one that cannot be sent. */
export function encode<Out>(spoken: Spoken<unknown, Out>, message: Out): Frame {
  if (isBody(spoken, message)) return frameOf(spoken.framing, message);
  return spoken.framing.encode(bytesOf(spoken, message));
}

/** Whether a message comes from a source of its own. */
export function isBody<Out>(spoken: Spoken<unknown, Out>, message: unknown): message is OutgoingBody {
  return spoken.streams && !(message instanceof Uint8Array);
}

function frameOf(framing: Framing, { size }: OutgoingBody): Frame {
  return framing.streams && size > 0 ? framing.streams.encode(size) : framing.encode(new Uint8Array(0));
}

function bytesOf<Out>({ codec }: Spoken<unknown, Out>, message: Out): Uint8Array {
  if (codec === undefined) return demandBytes(message);
  try {
    return codec.encode(message);
  } catch (cause) {
    throw new SendError('not-encodable', 'The codec cannot encode the value', { cause, fate: 'not-sent' });
  }
}

function demandBytes(message: unknown): Uint8Array {
  if (message instanceof Uint8Array) return message;
  throw new TypeError('Without a codec, a message is a Uint8Array');
}
