import type { BoundAddress, Wire } from '../transport/transport.js';

type Accept = (wire: Wire) => void;

/** Who listens where on a virtual network. */
export interface AddressBook {
  /** Gives back the bound address, with a port of its own for port 0; nothing if the address is in use. */
  bind(where: BoundAddress, accept: Accept): BoundAddress | undefined;
  release(bound: BoundAddress): void;
  /** Who accepts at an address. */
  find(where: BoundAddress): Accept | undefined;
  /** The address that somebody dials from, each time another. */
  caller(where: BoundAddress, host?: string): BoundAddress;
}

/** Where the ports begin that the system chooses, as on most systems. */
const firstFreePort = 49_152;
const firstCallersPort = 32_768;
const lastPort = 65_535;
const everyHost = '::';

export function addressBook(): AddressBook {
  const listeners = new Map<string, Accept>();
  let nextPort = firstFreePort;
  let callers = 0;

  function choosePort(): number {
    const port = nextPort;
    nextPort = port === lastPort ? firstFreePort : port + 1;
    return port;
  }

  /** Port 0 resolved, to a port that nobody listens on. */
  function resolve(where: BoundAddress): BoundAddress {
    if ('path' in where) return where;
    const host = canonical(where.host);
    let port = where.port || choosePort();
    while (where.port === 0 && isTaken({ host, port })) port = choosePort();
    return { host, port };
  }

  function isTaken(where: BoundAddress): boolean {
    if ('path' in where || where.host !== everyHost) return find(where) !== undefined;
    return [...listeners.keys()].some((key) => key.endsWith(`]:${where.port}`));
  }

  /** Who listens on this host, or else on all of them. */
  function find(where: BoundAddress): Accept | undefined {
    if ('path' in where) return listeners.get(where.path);
    return listeners.get(keyOf(where)) ?? listeners.get(keyOf({ ...where, host: everyHost }));
  }

  return {
    bind(where, accept) {
      const bound = resolve(where);
      if (isTaken(bound)) return undefined;
      listeners.set(keyOf(bound), accept);
      return bound;
    },
    release(bound) {
      listeners.delete(keyOf(bound));
    },
    find,
    caller(where, host = '127.0.0.1') {
      return 'path' in where
        ? { path: '' }
        : { host, port: firstCallersPort + (callers++ % (firstFreePort - firstCallersPort)) };
    },
  };
}

const keyOf = (where: BoundAddress) =>
  'path' in where ? where.path : `[${canonical(where.host)}]:${where.port}`;

/** Names of the same: `localhost` has one address here, and every interface one name. */
function canonical(host: string): string {
  if (host === 'localhost') return '127.0.0.1';
  return host === '*' || host === '0.0.0.0' ? everyHost : host;
}
