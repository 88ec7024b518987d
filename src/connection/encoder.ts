import type { Codec } from '../codec/codec.js';
import { SendError } from '../errors.js';
import type { Framing } from '../framing/framing.js';

/** What a connection speaks at the moment; `reframe` changes it. */
export interface Spoken<In, Out> {
  readonly framing: Framing;
  readonly codec: Codec<In, Out> | undefined;
}

/** The bytes of a message. Throws a `TypeError` for what is none, a `SendError` for a value that the codec cannot encode. */
export function bytesOf<Out>(codec: Codec<unknown, Out> | undefined, message: Out): Uint8Array {
  if (codec === undefined) return demandBytes(message);
  try {
    return demandBytes(codec.encode(message)); // a promise would go out as nothing
  } catch (cause) {
    throw new SendError('not-encodable', 'The codec cannot encode the value', { cause, fate: 'not-sent' });
  }
}

/** Throws a `TypeError` for what is no bytes. */
export function demandBytes(message: unknown): Uint8Array {
  if (message instanceof Uint8Array) return message;
  throw new TypeError('A message is a Uint8Array, or made one by a codec');
}
