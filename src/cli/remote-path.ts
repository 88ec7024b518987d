import { parseAddress } from '../transport/address.js';
import { UsageError } from './usage-error.js';

/** A file, here or on a server. */
export type Place =
  | { readonly path: string }
  | { readonly address: { readonly host: string; readonly port: number }; readonly path: string };

export const defaultPort = 8088;

/**
 * Where a word of `cp` points: `host:port:path` is on a server, as with `tpft`; anything else is a file here.
 *
 *     ':8088:a.txt' · '127.0.0.1::a.txt' · '[::1]:8088:a.txt'        on a server
 *     'a.txt' · './odd:1:name'                                       here
 */
export function placeOf(word: string): Place {
  const parts = /^(?:\[(?<ipv6>[^\]]+)\]|(?<host>[^:/\\[\]]*)):(?<port>\d*):(?<path>.*)$/s.exec(word)?.groups;
  if (!parts) return { path: word };
  const host = parts.ipv6 ?? (parts.host || '127.0.0.1');
  const port = parts.port ? Number(parts.port) : defaultPort;
  try {
    const address = parseAddress({ host, port }, 'dial');
    if ('port' in address) return { address, path: parts.path ?? '' };
  } catch (error) {
    throw new UsageError(`${word}: ${(error as Error).message}`);
  }
  return { path: word };
}

/** The last name in a path: what a file is called in another folder. */
export const lastName = (path: string): string => path.split(/[/\\]/).filter(Boolean).at(-1) ?? '';
