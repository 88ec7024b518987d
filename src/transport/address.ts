import type { Address, BoundAddress } from './transport.js';

/** What an address is for: one can listen on every interface and on a port of the system's choice, but dial neither. */
export type AddressUse = 'listen' | 'dial';

/** The host of an address that names none. Nothing is reachable from outside unless somebody wrote so. */
const loopback = '127.0.0.1';
const anyHost = '*';

/** `sun_path` holds 108 bytes on Linux, the NUL at its end included; a longer one would be cut off silently. */
const maxPathBytes = 107;

/**
 * The one form behind all forms of an address: a host and a port, or a path.
 *
 *     9123 · '9123' · ':9123'        127.0.0.1, port 9123
 *     'example.org:9123'             that host
 *     '[::1]:9123'                   an IPv6 address, always in brackets
 *     '*:9123'                       every interface (host '*'), to listen on only
 *     { path: '/run/echo.sock' }     a Unix socket; with `mode: 0o660`, the permissions of its file, to listen on only
 *
 * Throws a `TypeError` for what is no address and a `RangeError` for a port or a path out of bounds: port 0, which lets
 * the system choose, is for listening only, and a path has at most 107 bytes.
 */
export function parseAddress(address: Address, use: AddressUse): BoundAddress {
  const parsed = parseForm(address);
  if (use === 'dial' && fileMode(address) !== undefined) throw new TypeError('A mode is for listening');
  if (use === 'dial' && 'port' in parsed) requireDialable(parsed);
  return parsed;
}

/** The permissions that a Unix socket's file is to have. Absent, the umask decides. */
export function fileMode(address: Address): number | undefined {
  return typeof address === 'object' && 'path' in address ? address.mode : undefined;
}

/** An address in texts: the form that `parseAddress` reads, or the bare path. */
export function formatAddress(address: BoundAddress): string {
  if ('path' in address) return address.path || '(unnamed socket)';
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

function parseForm(address: Address): BoundAddress {
  if (typeof address === 'number') return { host: loopback, port: requirePort(address) };
  if (typeof address === 'string') return parseText(address);
  if (typeof address !== 'object' || address === null) throw noAddress(address);
  const { host, port, path, mode } = address as Partial<Record<'host' | 'port' | 'path' | 'mode', unknown>>;
  if (mode !== undefined) requireMode(mode, path);
  if (path === undefined) return { host: requireHost(host ?? loopback), port: requirePort(port) };
  if (host !== undefined || port !== undefined)
    throw new TypeError('An address has a path or a port, not both');
  return { path: requirePath(path) };
}

function parseText(text: string): BoundAddress {
  const match = /^(?:\[(?<ipv6>[^[\]]*:[^[\]]*)\]:|(?<host>[^:[\]]*):)?(?<port>\d+)$/.exec(text);
  if (!match?.groups) throw noAddress(text);
  const { ipv6, host, port } = match.groups;
  return { host: requireHost(ipv6 ?? (host || loopback)), port: requirePort(Number(port)) };
}

function requireHost(host: unknown): string {
  if (typeof host !== 'string' || !/^[^\s/[\]\0]+$/.test(host)) throw noAddress(host);
  return host;
}

function requirePort(port: unknown): number {
  if (typeof port !== 'number') throw new TypeError(`A port is a number, not ${show(port)}`);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new RangeError(`There is no port ${port}`);
  return port;
}

function requirePath(path: unknown): string {
  if (typeof path !== 'string' || path === '' || path.includes('\0')) throw noAddress(path);
  const bytes = new TextEncoder().encode(path).byteLength;
  if (bytes > maxPathBytes) {
    throw new RangeError(
      `The path of a Unix socket has at most ${maxPathBytes} bytes, not ${bytes}: ${path}`,
    );
  }
  return path;
}

function requireMode(mode: unknown, path: unknown): void {
  if (path === undefined) throw new TypeError('Only a path has a mode');
  if (typeof mode !== 'number' || !Number.isInteger(mode))
    throw new TypeError(`A mode is a number, not ${show(mode)}`);
  if (mode < 0 || mode > 0o777) throw new RangeError(`A mode is from 0 to 0o777, not ${mode}`);
}

function requireDialable({ host, port }: { readonly host: string; readonly port: number }): void {
  if (host === anyHost) throw new TypeError(`*:${port} is every interface, which one can only listen on`);
  if (port === 0) throw new RangeError('Port 0 is for listening: it lets the system choose one');
}

function noAddress(what: unknown): TypeError {
  return new TypeError(`${show(what)} is no address: write a port, 'host:port', '[ipv6]:port' or { path }`);
}

const show = (what: unknown) => (typeof what === 'string' ? JSON.stringify(what) : String(what));
