import type { ProtocolErrorCode } from '../errors.js';
import { ProtocolError } from '../errors.js';

/** What each wait means when nobody ends it in time. `quiet` is no fault. */
export const EXPIRED = {
  opening: 'opening-timeout',
  header: 'header-timeout',
  payload: 'payload-timeout',
  answer: 'ok-timeout',
  'mutual-hold': 'mutual-hold',
} as const;

const REASONS = {
  'bad-opening': 'the peer does not speak tinyproto',
  'opening-refused': 'the peer refused the connection',
  'connection-limit': 'the peer has as many connections as it allows',
  conflict: 'the peer refused the connection as a conflict',
  'cut-short': 'the bytes stopped inside a message, or before the opening byte',
  collision: 'a header of the peer crossed with one of ours in half duplex',
  'unexpected-signal': 'a signal stood where none may stand',
  'unexpected-answer': 'an answer came that nothing had asked for',
  'too-many-unanswered': 'more than 64 frames of the peer are unanswered',
  'message-too-large': 'the peer began a message that is too large and cannot be skipped',
  'inbox-overflow': 'the peer sent more than the inbox must take',
  'opening-timeout': 'the opening byte did not come in time',
  'header-timeout': 'the rest of a header did not come in time',
  'payload-timeout': 'a payload came too slowly',
  'ok-timeout': 'a header of ours was not answered in time',
  'mutual-hold': 'both sides withheld their answers and nothing moved',
} as const satisfies { readonly [C in ProtocolErrorCode]?: string };

export type FaultCode = keyof typeof REASONS;

export function fault(code: FaultCode): ProtocolError {
  return new ProtocolError(code, REASONS[code]);
}
