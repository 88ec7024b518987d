import type { IncomingMessage } from 'node:http';
import { Observable } from 'rxjs';
import { WebSocket } from 'ws';
import { WireError } from '../errors.js';
import { nodeError, platformCode } from '../transport/node-errors.js';
import type { Wire } from '../transport/transport.js';
import type { Place } from './places.js';
import type { WebSocketOptions } from './ws-options.js';
import { wsWire } from './ws-road.js';
import { wsSettings } from './ws-settings.js';

/** Dials with `ws`: the name, TCP, TLS where the address says so, and the handshake. */
export function wsDial(where: Place, options: WebSocketOptions): Observable<Wire> {
  const doing = `Dialling ${where.host}:${where.port}`;
  return new Observable((subscriber) => {
    const { protocols = [], headers, tls } = options;
    const ws = new WebSocket(where.url, [...protocols], { ...tls, ...wsSettings(options), headers });
    let answer: IncomingMessage | undefined;
    let up = false;

    ws.on('error', (cause) => subscriber.error(handshakeError(doing, cause)));
    ws.on('unexpected-response', (_, { statusCode = 0 }) => subscriber.error(refusal(doing, statusCode)));
    ws.on('upgrade', (response) => {
      answer = response;
    });
    ws.on('open', () => {
      if (!answer) return;
      up = true;
      subscriber.next(wsWire(ws, answer.socket, options, { url: where.url, headers: answer.headers }));
      subscriber.complete();
    });
    return () => {
      if (!up) ws.terminate();
    };
  });
}

function refusal(doing: string, status: number): WireError {
  const denied = status === 401 || status === 403;
  const cause = { status };
  return new WireError(
    denied ? 'access-denied' : 'handshake-failed',
    `${doing} failed: the answer is ${status}`,
    { cause },
  );
}

/** What has a code of the system's says what the road did. Anything else is an answer that is no WebSocket's. */
function handshakeError(doing: string, cause: Error): WireError {
  const code = platformCode(cause);
  if (code && !/^(HPE|WS)_/.test(code)) return nodeError(doing, cause);
  return new WireError('handshake-failed', `${doing} failed: the answer is no WebSocket's`, { cause });
}
