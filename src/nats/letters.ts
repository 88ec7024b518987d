import { headers, type MsgHdrs } from '@nats-io/transport-node';
import type { Letter } from '../span/bus.js';

const from = 'Rx-From';
const number = 'Rx-Number';
/** What a stream knows a message by, so that it does not keep one twice that was sent again. */
const messageId = 'Nats-Msg-Id';

/** What the headers of a letter take of the server's `max_payload`, at most. */
export const headerBytes = 256;

export function headersOf(letter: Letter, kept: boolean): MsgHdrs {
  const all = headers();
  all.set(from, letter.from);
  all.set(number, `${letter.number}`);
  if (kept) all.set(messageId, `${letter.from}:${letter.number}`);
  return all;
}

/** The letter of a message; somebody else's message on our subject is none. Its bytes are its own: the chunk that it came in is let go. */
export function letterOf(message: {
  readonly headers?: MsgHdrs | undefined;
  readonly data: Uint8Array;
}): Letter | undefined {
  const writer = message.headers?.get(from);
  const count = Number(message.headers?.get(number));
  if (!writer || !Number.isSafeInteger(count)) return undefined;
  return { from: writer, number: count, bytes: new Uint8Array(message.data) };
}
