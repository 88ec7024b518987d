import { WireError } from '../errors.js';

// The codes with which we close: not the fields of one object, so that a page has their numbers in place.
// A page may use 1000 and those from 3000 on, so these are also the browser's.

export const closedInOrder = 1000;
/** A text frame came, and bytes were expected. */
export const closedForText = 4003;
/** Where a platform cannot reset: this library reads it as `reset`. */
export const closedByReset = 4006;
/** More came than may lie here unread. */
export const closedByOverrun = 4008;

/** What a close code says: nothing after a clean end, an error otherwise. The peer's reason is in the `cause`, never in the text. */
export function closingError(code: number, reason: string): WireError | undefined {
  // 1005 is a close frame without a code, 1001 a page or a server that goes away; 1006 is no close frame at all.
  if ([closedInOrder, 1001, 1005].includes(code)) return undefined;
  if ([closedByReset, 1006].includes(code)) return new WireError('reset', 'The WebSocket was cut');
  return new WireError('closed-with-code', `Closed with ${code}`, {
    cause: { code, reason },
  });
}
