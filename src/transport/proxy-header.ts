import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import type { BoundAddress } from './transport.js';

/** What the bytes so far are: too few to tell, no header, or a header of so many bytes. Without `remote`, the proxy calls for itself, to see whether we live. */
export type ProxyHeader =
  | 'incomplete'
  | { readonly wrong: string }
  | { readonly length: number; readonly remote?: BoundAddress };

/** The longest line of version 1, its end included. */
const longestLine = 107;

/** Of version 2: signature, version and command, family, length of what follows. */
const fixedPart = 16;
const signature = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a);
const word = new TextEncoder().encode('PROXY ');

/**
 * Reads the header of the PROXY protocol from the first bytes of a wire, which may be cut anywhere.
 *
 *     version 1   | PROXY TCP4 192.0.2.7 198.51.100.1 56324 443 | 0d 0a |                  text, at most 107 bytes
 *     version 2   | signature: 12 | 21 | 11 | length: 2 | 4 | 4 | 2 | 2 | extensions |     `20`: the proxy itself
 *
 * What is wrong is said as soon as it shows, before more is waited for. Extensions (TLVs) are passed over. Source: "The PROXY protocol, versions 1 & 2", 2020.
 */
export function proxyHeader(bytes: Uint8Array): ProxyHeader {
  if (beginsWith(bytes, word)) return bytes.length < word.length ? 'incomplete' : version1(bytes);
  if (beginsWith(bytes, signature)) return bytes.length < fixedPart ? halfOf2(bytes) : version2(bytes);
  return { wrong: 'it does not begin with one' };
}

/** Whether one begins with the other, as far as both go. */
const beginsWith = (bytes: Uint8Array, start: Uint8Array): boolean =>
  start.subarray(0, bytes.length).every((byte, at) => bytes[at] === byte);

function version1(bytes: Uint8Array): ProxyHeader {
  const end = bytes
    .subarray(0, longestLine - 1)
    .findIndex((byte, at) => byte === 0x0d && bytes[at + 1] === 0x0a);
  if (end < 0) return bytes.length < longestLine ? 'incomplete' : { wrong: 'its line has no end' };
  const [, family, source = '', destination = '', ...ports] = latin(bytes.subarray(0, end)).split(' ');
  const length = end + 2;
  if (family === 'UNKNOWN') return { length };
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isIPv6 : undefined;
  if (!isAddress) return { wrong: 'its family is unknown' };
  if (!isAddress(source) || !isAddress(destination) || ports.length !== 2 || !ports.every(isPort))
    return { wrong: 'its addresses are none' };
  return { length, remote: { host: canonical(source), port: Number(ports[0]) } };
}

/** A header that is not complete can be wrong all the same. */
function halfOf2(bytes: Uint8Array): ProxyHeader {
  const version = bytes[12];
  return version === undefined || version === 0x20 || version === 0x21
    ? 'incomplete'
    : { wrong: 'its version is unknown' };
}

function version2(bytes: Uint8Array): ProxyHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const command = view.getUint8(12);
  const family = view.getUint8(13) >> 4;
  const size = view.getUint16(14);
  const length = fixedPart + size;
  if (command !== 0x20 && command !== 0x21) return { wrong: 'its version is unknown' };
  const least = [0, 12, 36, 216][family];
  if (least === undefined) return { wrong: 'its family is unknown' };
  if (command === 0x21 && size < least) return { wrong: 'it is too short for its addresses' };
  if (bytes.length < length) return 'incomplete';
  if (command === 0x20 || family === 0) return { length };
  return { length, remote: remoteOf(family, bytes.subarray(fixedPart), view) };
}

function remoteOf(family: number, addresses: Uint8Array, view: DataView): BoundAddress {
  if (family === 1) return { host: addresses.subarray(0, 4).join('.'), port: view.getUint16(fixedPart + 8) };
  if (family === 3) return { path: latin(addresses.subarray(0, 108)).replace(/\0.*$/s, '') };
  const groups = Array.from({ length: 8 }, (_, at) => view.getUint16(fixedPart + 2 * at).toString(16));
  return { host: canonical(groups.join(':')), port: view.getUint16(fixedPart + 32) };
}

/** As the system writes it, so that the same address is the same text. */
const canonical = (host: string): string =>
  isIPv4(host) ? host : new SocketAddress({ address: host, family: 'ipv6' }).address;

const isPort = (text: string): boolean => /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;

const latin = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
