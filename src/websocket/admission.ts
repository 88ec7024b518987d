import type { IncomingMessage } from 'node:http';
import { WireError } from '../errors.js';
import type { WebSocketOptions } from './ws-options.js';

/** The HTTP status with which a handshake is refused, or nothing. `trouble` hears of an `admit` that throws. */
export function refusalOf(
  request: IncomingMessage,
  { origins, admit = () => true, protocols }: WebSocketOptions,
  trouble: (error: WireError) => void,
): number | undefined {
  if (!isWelcome(request, origins)) return 403;
  try {
    // Not a promise, either: nobody comes in before it says yes.
    if (admit(request) !== true) return 403;
  } catch (cause) {
    trouble(new WireError('access-denied', 'Nobody could say whether to admit a caller', { cause }));
    return 500;
  }
  if (protocols && !protocols.some((protocol) => offered(request).includes(protocol))) return 400;
  return undefined;
}

/** A browser sends the visitor's cookies along, whichever page connects: so pages of other hosts are refused unless they are named. */
function isWelcome({ headers }: IncomingMessage, origins: WebSocketOptions['origins']): boolean {
  const { origin, host } = headers;
  if (origin === undefined || origins === 'any') return true;
  if (origins?.includes(origin)) return true;
  return origin === `https://${host}` || origin === `http://${host}`;
}

function offered({ headers }: IncomingMessage): string[] {
  return (headers['sec-websocket-protocol'] ?? '').split(',').map((each) => each.trim());
}
