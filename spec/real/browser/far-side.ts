import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { firstValueFrom } from 'rxjs';
import { type WebSocket, WebSocketServer } from 'ws';
import type { WireError } from '../../../src/errors.js';
import type { BoundAddress, Wire } from '../../../src/transport/transport.js';
import { webSocket } from '../../../src/websocket/index.js';
import { takeUpgrades } from '../../../src/websocket/upgrades.js';

/** What the far side tells the page, with the bytes of a chunk behind it. */
export type Told = { readonly wire: number } & (
  | { readonly type: 'wire'; readonly local: BoundAddress; readonly remote: BoundAddress }
  | { readonly type: 'chunk' | 'complete' }
  | {
      readonly type: 'error' | 'closed';
      readonly error?: { readonly code: string; readonly message: string };
    }
  | {
      readonly type: 'done';
      readonly call: number;
      readonly error?: { readonly code: string; readonly message: string };
    }
);

const told = (error?: { code: string; message: string }) =>
  error && { error: { code: error.code, message: error.message } };

/**
 * The wires at the other end of a page's, in the hands of the page: it calls (in requests that it waits for, so that what it asked for has happened when its own
 * wire goes on), and hears what happens over a WebSocket beside.
 */
export async function farSide(html: string) {
  const wires: Wire[] = [];
  let page: WebSocket | undefined;

  const tell = (what: Told, bytes: Uint8Array = new Uint8Array()) => {
    const head = Buffer.from(JSON.stringify(what));
    const size = Buffer.alloc(4);
    size.writeUInt32BE(head.length);
    page?.send(Buffer.concat([size, head, Buffer.from(bytes)]));
  };

  const calls: Record<
    string,
    (wire: Wire, at: { id: number; call: number; reset: boolean }, bytes: Buffer) => void
  > = {
    read: (wire, { id }) =>
      wire.bytes$.subscribe({
        next: (chunk) => tell({ type: 'chunk', wire: id }, chunk),
        complete: () => tell({ type: 'complete', wire: id }),
        error: (error) => tell({ type: 'error', wire: id, ...told(error) }),
      }),
    write: (wire, { id, call: first }, bytes) => {
      for (const [at, piece] of piecesOf(bytes).entries()) {
        const done = (error?: WireError) =>
          tell({ type: 'done', wire: id, call: first + at, ...told(error) });
        if (wire.write(piece, done)) done();
      }
    },
    end: (wire, { id, call }) => wire.end((error) => tell({ type: 'done', wire: id, call, ...told(error) })),
    pause: (wire) => wire.pause(),
    resume: (wire) => wire.resume(),
    destroy: (wire, { reset }) => wire.destroy({ reset }),
  };

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '', 'http://far');
    if (url.pathname === '/') return response.setHeader('content-type', 'text/html').end(html);
    const id = Number(url.searchParams.get('wire'));
    const call = {
      id,
      call: Number(url.searchParams.get('call')),
      reset: url.searchParams.get('reset') === 'true',
    };
    const wire = wires[id];
    const bytes = await bodyOf(request);
    if (wire) calls[url.pathname.slice(1)]?.(wire, call, bytes);
    return response.end();
  });
  server.listen(0, '127.0.0.1');
  await new Promise((open) => server.once('listening', open));
  const upgrader = new WebSocketServer({ noServer: true });
  takeUpgrades(server, '/events', (request, socket, head) =>
    upgrader.handleUpgrade(request, socket, head, (events) => {
      page = events;
    }),
  );
  const options = { server, probeMs: 50, lingerMs: 300, maxMessageBytes: 64 << 20 };
  const listening = webSocket(options)
    .listen('/wires')
    .subscribe((wire) => {
      const id = wires.push(wire) - 1;
      tell({ type: 'wire', wire: id, local: wire.local, remote: wire.remote });
      wire.closed$.subscribe(({ error }) => tell({ type: 'closed', wire: id, ...told(error) }));
    });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      listening.unsubscribe();
      for (const wire of wires) wire.destroy({ reset: true });
      await Promise.all(wires.map(({ closed$ }) => firstValueFrom(closed$)));
      page?.terminate();
      server.close();
      server.closeAllConnections();
    },
  };
}

/** What a page writes in one turn: each piece behind its size. */
function piecesOf(bytes: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32BE(at);
    pieces.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return pieces;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
