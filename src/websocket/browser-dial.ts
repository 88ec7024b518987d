import { Observable } from 'rxjs';
import { WireError } from '../errors.js';
import type { Address, Wire } from '../transport/transport.js';
import type { BrowserSocketOptions } from './browser-options.js';
import { frameWire, type Road, type RoadEvents } from './frame-wire.js';
import { platform } from './platform.js';
import { socketRoad } from './socket-road.js';

/** Begins to dial: says that the road is up, or that it failed, once. Gives back what gives it up. */
export type DialRoad = (
  url: string,
  protocols: readonly string[],
  up: (road: (on: RoadEvents) => Road) => void,
  failed: () => void,
) => () => void;

/** Dials a WebSocket, by a `WebSocket` of the platform's if nobody says otherwise. */
export function browserDial(
  address: Address,
  options: BrowserSocketOptions = {},
  dialRoad: DialRoad = dialSocket,
): Observable<Wire> {
  const url = urlOf(address);
  return new Observable((subscriber) => {
    const up = (road: (on: RoadEvents) => Road) => {
      if (subscriber.closed) return;
      subscriber.next(frameWire(road, settingsOf(url, options)));
      subscriber.complete();
    };
    // The platform does not tell why: a page shall not learn who listens where.
    const failed = () => subscriber.error(new WireError('connection-refused', `Dialling ${url.host} failed`));
    return dialRoad(url.href, options.protocols ?? [], up, failed);
  });
}

const dialSocket: DialRoad = (url, protocols, up, failed) => {
  const socket = new (platform().WebSocket)(url, protocols);
  let over = false;
  socket.binaryType = 'arraybuffer';
  // Where the page's own policy forbids it, an error is all that is told.
  socket.onclose = socket.onerror = failed;
  socket.onopen = () => {
    over = true;
    up((on) => socketRoad(socket, on));
  };
  return () => {
    if (!over) socket.close();
  };
};

function settingsOf(url: URL, options: BrowserSocketOptions) {
  const port = Number(url.port) || (url.protocol === 'wss:' ? 443 : 80);
  const remote = { host: url.hostname.replace(/[[\]]/g, ''), port };
  return { local: { host: '', port: 0 }, remote, ...options };
}

/** A URL, or a path of the host that the page came from, or the script of a worker: that may be a blob of the page's. */
function urlOf(address: Address): URL {
  const page = platform().location?.href.replace(/^(blob:)?http/, 'ws');
  const url = new URL(typeof address === 'string' ? address : 'no:', page); // throws a TypeError for what is none
  if (/^wss?:$/.test(url.protocol) && !(url.hash || url.username || url.password)) return url;
  throw new TypeError('An address is a wss:// URL without user and fragment, or a path');
}
