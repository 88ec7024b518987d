import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ignoreElements, merge, Observable, switchMap } from 'rxjs';
import { json } from '../codec/json.js';
import type { Room } from '../relay/room.js';
import { serve } from '../server/serve.js';
import { nodeError } from '../transport/node-errors.js';
import { listen, webSocket } from '../websocket/index.js';
import type { Batch } from './batch.js';
import { html } from './page-html.js';
import { script$ } from './page-script.js';

/** Nothing is loaded from elsewhere, and nothing that a peer has sent can become more than text. */
const headers = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

/** Serves the page on loopback, and what is told in a room to each that is open. Emits the page's address. */
export function servePages(room: Room<Batch>, port: number): Observable<string> {
  return script$.pipe(switchMap((script) => serving(script, room, port)));
}

function serving(script: string, room: Room<Batch>, port: number): Observable<string> {
  return new Observable((subscriber) => {
    const token = randomBytes(16).toString('hex');
    const mayEnter = (request: IncomingMessage) => isFromHere(request) && hasToken(request, token);
    const server = createServer((request, response) => {
      const { path } = partsOf(request);
      if (path === '/page.js') answer(response, 200, 'text/javascript', script);
      else if (path !== '/') answer(response, 404, 'text/plain', 'There is one page, and it is not here.');
      else if (mayEnter(request)) answer(response, 200, 'text/html', html);
      else answer(response, 403, 'text/plain', 'The address of this page has a token.');
    });
    const transport = webSocket({ server, admit: mayEnter });
    server.on('error', (error) =>
      subscriber.error(nodeError(`Serving the dashboard on port ${port}`, error)),
    );
    server.on('listening', () => subscriber.next(`http://127.0.0.1:${portOf(server)}/?token=${token}`));
    subscriber.add(
      listen('/feed', { transport, codec: json<Batch>() })
        .pipe(serve((page) => merge(room.join(page), page.messages$).pipe(ignoreElements())))
        .subscribe({ error: (error) => subscriber.error(error) }),
    );
    server.listen(port, '127.0.0.1');
    return () => {
      server.close();
      server.closeAllConnections();
    };
  });
}

/** A name that somebody has pointed at this machine is not ours. */
const isFromHere = ({ headers: { host = '' } }: IncomingMessage) =>
  /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host);

function hasToken(request: IncomingMessage, token: string): boolean {
  const [given, wanted] = [partsOf(request).token, token].map((text) => Buffer.from(text));
  return given?.length === wanted?.length && timingSafeEqual(given as Buffer, wanted as Buffer);
}

/** Not every request is for a URL, and whoever sends one that is for none must not end the server. */
function partsOf({ url = '' }: IncomingMessage): { readonly path: string; readonly token: string } {
  const [path = '', query = ''] = url.split('?');
  return { path, token: new URLSearchParams(query).get('token') ?? '' };
}

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { ...headers, 'content-type': `${type}; charset=utf-8` }).end(body);
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;
