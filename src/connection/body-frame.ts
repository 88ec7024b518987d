import type { Framing } from '../framing/framing.js';
import type { Frame } from '../outbox/frame.js';
import { demandBody, type OutgoingBody } from './body.js';

/** The frame of a message, whose body may be elsewhere. Throws a `SendError` for one that cannot be sent, a `TypeError` for what is none. */
export function bodyFrame(framing: Framing, message: unknown): Frame {
  demandBody(message);
  if (message instanceof Uint8Array) return framing.encode(message);
  const { size } = message as OutgoingBody;
  return framing.streams && size > 0 ? framing.streams.encode(size) : framing.encode(new Uint8Array(0));
}
