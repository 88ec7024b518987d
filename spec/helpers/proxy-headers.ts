import { isIPv4, SocketAddress } from 'node:net';

/** For whom a proxy calls. */
export interface Client {
  readonly host: string;
  readonly port: number;
}

/** An address as the system writes it. */
export const addressesOf = ({ host, port }: Client): Client => ({
  host: isIPv4(host) ? host : new SocketAddress({ address: host, family: 'ipv6' }).address,
  port,
});

/** The PROXY header of version 1, as a proxy sends it. */
export function version1({ host, port }: Client): Uint8Array {
  const [family, own] = isIPv4(host) ? ['TCP4', '198.51.100.1'] : ['TCP6', '2001:db8::1'];
  return new TextEncoder().encode(`PROXY ${family} ${host} ${own} ${port} 443\r\n`);
}

/** The same of version 2, with extensions behind it. `host` is written out, without `::`. */
export function version2({ host, port }: Client, extensions = new Uint8Array(0)): Uint8Array {
  const address = isIPv4(host)
    ? host.split('.').map(Number)
    : host
        .split(':')
        .flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]);
  const own = address.map(() => 1);
  const size = 2 * address.length + 4 + extensions.length;
  return new Uint8Array([
    ...Buffer.from('0d0a0d0a000d0a515549540a', 'hex'),
    0x21,
    isIPv4(host) ? 0x11 : 0x21,
    size >> 8,
    size & 0xff,
    ...address,
    ...own,
    port >> 8,
    port & 0xff,
    1,
    0xbb,
    ...extensions,
  ]);
}
