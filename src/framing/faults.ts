import { ProtocolError, SendError } from '../errors.js';

/** The peer's message is above our limit. */
export function tooLarge(most: number): ProtocolError {
  return new ProtocolError('message-too-large', `a message is above the limit of ${most} bytes`);
}

/** The bytes ended inside a message. */
export function cutShort(): ProtocolError {
  return new ProtocolError('cut-short', 'the bytes ended inside a message');
}

/** The peer's bytes are none of this framing's. */
export function malformed(what: string, options?: ErrorOptions): ProtocolError {
  return new ProtocolError('malformed', what, options);
}

/** Our message is above our own limit. */
export function tooLargeToSend(bytes: number, most: number): SendError {
  return new SendError('message-too-large', `a message of ${bytes} bytes is above the limit of ${most}`, {
    fate: 'not-sent',
  });
}

/** Our message cannot be told apart from something else in this framing. */
export function notEncodable(what: string, cause?: unknown): SendError {
  return new SendError('not-encodable', what, {
    fate: 'not-sent',
    ...(cause === undefined ? {} : { cause }),
  });
}
