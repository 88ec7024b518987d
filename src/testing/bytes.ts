export { joined } from '../bytes/joined.js';

type Inserted = readonly (string | number)[];

/**
 * Bytes, written as pairs of hexadecimal digits; white space is free.
 *
 *     hex`00 00 00 02 | 68 69`
 *
 * A `|` may separate what belongs together. Anything else is a `TypeError`.
 */
export function hex(strings: TemplateStringsArray, ...values: Inserted): Uint8Array {
  return bytesOfHex(String.raw({ raw: strings.raw }, ...values));
}

/** The bytes of a text, in UTF-8; escapes such as `\n` and `\0` mean what they mean in a string. */
export function text(strings: TemplateStringsArray, ...values: Inserted): Uint8Array {
  return bytesOfText(String.raw({ raw: strings }, ...values));
}

export function bytesOfHex(written: string): Uint8Array {
  const digits = written.replace(/[\s|]/g, '');
  if (!/^([0-9a-fA-F]{2})*$/.test(digits)) throw new TypeError(`no pairs of hexadecimal digits: ${written}`);
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function bytesOfText(written: string): Uint8Array {
  return new TextEncoder().encode(written);
}

export const asBytes = (written: Uint8Array | string): Uint8Array =>
  typeof written === 'string' ? bytesOfText(written) : written;

export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

/** Bytes as a reader wants them in a failure, and as a diagram takes them: as text where they are printable, else in hexadecimal. */
export function show(bytes: Uint8Array, most = 32): string {
  const shown = bytes.subarray(0, most);
  const more = bytes.length > most ? '…' : '';
  const size = more ? ` ${bytes.length} bytes` : '';
  if (shown.length > 0 && shown.every(isText)) return `'${escaped(shown)}${more}'${size}`;
  return `<${hexOf(shown)}${more}>${size}`;
}

const isText = (byte: number): boolean =>
  (byte >= 0x20 && byte < 0x7f && byte !== 0x27) || byte === 0x0a || byte === 0x0d;

const escaped = (bytes: Uint8Array): string =>
  String.fromCharCode(...bytes)
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r');

export function hexOf(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

/** A character a byte, a middle dot for what has none. */
export function ascii(bytes: Uint8Array): string {
  return [...bytes].map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·')).join('');
}
