import { type AddressUse, parseAddress } from '../transport/address.js';
import type { Address } from '../transport/transport.js';

/** What an address means to a WebSocket. */
export interface Place {
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  /** Begins with a slash. */
  readonly path: string;
  readonly url: string;
}

/**
 * The one form behind all forms of an address:
 *
 *     'ws://example.org/chat'      port 80, `wss://` has 443
 *     'ws://*:8080/chat'           every interface, to listen on only
 *     8080 · 'localhost:8080'      as everywhere, without TLS and with the path `/`
 *
 * Throws a `TypeError` or a `RangeError` for what cannot be meant.
 */
export function parsePlace(address: Address, use: AddressUse): Place {
  if (typeof address !== 'string' || !/^wss?:\/\//.test(address)) return placeAt(address, use);
  const url = new URL(address);
  if (url.hash || url.username || url.password)
    throw new TypeError(`${url.protocol}// has neither fragment nor user`);
  const secure = url.protocol === 'wss:';
  const port = url.port || (secure ? 443 : 80);
  return { ...placeAt(`${url.hostname}:${port}`, use, secure), path: url.pathname, url: url.href };
}

function placeAt(address: Address, use: AddressUse, secure = false): Place {
  const where = parseAddress(address, use);
  if ('path' in where) throw new TypeError('A WebSocket has no address on a Unix socket');
  const { host, port } = where;
  const name = host.includes(':') ? `[${host}]` : host;
  return { secure, host, port, path: '/', url: `ws://${name}:${port}/` };
}
