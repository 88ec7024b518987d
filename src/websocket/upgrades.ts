import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

type Handler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

interface Upgrades {
  readonly paths: Map<string, Handler>;
  readonly stop: () => void;
}

/** Who listens on which path of which server. */
const servers = new WeakMap<Server, Upgrades>();

/** Takes the upgrades to one path of a server, until told otherwise. `undefined`: somebody has it already. */
export function takeUpgrades(server: Server, path: string, handler: Handler): (() => void) | undefined {
  const { paths, stop } = servers.get(server) ?? begin(server);
  if (paths.has(path)) return undefined;
  paths.set(path, handler);
  return () => {
    paths.delete(path);
    if (paths.size === 0) stop();
  };
}

/** One listener a server. What is for nobody is refused, unless somebody else listens for upgrades, whose business it may be. */
function begin(server: Server): Upgrades {
  const paths = new Map<string, Handler>();
  const listener = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const handler = paths.get(path);
    if (handler) handler(request, socket, head);
    else if (server.listenerCount('upgrade') === 1) refuseUpgrade(socket, 404);
  };
  const stop = () => {
    servers.delete(server);
    server.off('upgrade', listener);
  };
  const upgrades = { paths, stop };
  servers.set(server, upgrades);
  server.on('upgrade', listener);
  return upgrades;
}

/** Answers a handshake with a status, and hangs up. */
export function refuseUpgrade(socket: Duplex, status: number): void {
  socket.on('error', () => {});
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
