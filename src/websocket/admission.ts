import type { IncomingMessage } from 'node:http';
import type { WebSocketOptions } from './ws-options.js';

/** The HTTP status with which a handshake is refused, or nothing. */
export function refusalOf(request: IncomingMessage, options: WebSocketOptions): number | undefined {
  const { origins, admit, protocols } = options;
  if (!isWelcome(request, origins) || admit?.(request) === false) return 403;
  if (protocols && !protocols.some((protocol) => offered(request).includes(protocol))) return 400;
  return undefined;
}

/** A browser sends the visitor's cookies along, whichever page connects: so pages of other hosts are refused unless they are named. */
function isWelcome({ headers }: IncomingMessage, origins: WebSocketOptions['origins']): boolean {
  const { origin, host } = headers;
  if (origin === undefined || origins === 'any') return true;
  if (origins?.includes(origin)) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}

function offered({ headers }: IncomingMessage): string[] {
  return (headers['sec-websocket-protocol'] ?? '').split(',').map((each) => each.trim());
}
