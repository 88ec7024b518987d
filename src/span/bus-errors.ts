import { SendError } from '../errors.js';

/** The bus is away. `unknown`: the others may have the letter. */
export function busAway(fate: 'not-sent' | 'unknown', cause?: unknown): SendError {
  const text = fate === 'unknown' ? 'the message may have reached the others' : 'the message was not sent';
  return new SendError('bus-away', `The bus to the other processes is away: ${text}`, { fate, cause });
}

/** A letter is larger than the bus can carry. */
export function tooLarge(bytes: number, maxBytes: number): SendError {
  const text = `A message of ${bytes} bytes is above the ${maxBytes} that the bus can carry`;
  return new SendError('message-too-large', text, { fate: 'not-sent' });
}
