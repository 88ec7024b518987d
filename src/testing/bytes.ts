/**
 * Bytes, written as pairs of hexadecimal digits; white space is free.
 *
 *     hex`00 00 00 02 | 68 69`
 *
 * A `|` may separate what belongs together. Anything else is a `TypeError`.
 */
export function hex(strings: TemplateStringsArray, ...values: readonly (string | number)[]): Uint8Array {
  const digits = String.raw({ raw: strings.raw }, ...values).replace(/[\s|]/g, '');
  if (!/^([0-9a-fA-F]{2})*$/.test(digits)) throw new TypeError(`no pairs of hexadecimal digits: ${digits}`);
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** The bytes of a text, in UTF-8. */
export function utf8(strings: TemplateStringsArray, ...values: readonly (string | number)[]): Uint8Array {
  return new TextEncoder().encode(String.raw({ raw: strings }, ...values));
}

/** Bytes as a reader wants them in a failure: as text where they are printable, else in hexadecimal. */
export function show(bytes: Uint8Array): string {
  const printable = bytes.length > 0 && bytes.every((byte) => byte >= 0x20 && byte < 0x7f);
  if (printable) return `'${String.fromCharCode(...bytes)}'`;
  const shown = [...bytes.subarray(0, 32)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return bytes.length > 32 ? `<${shown} … ${bytes.length} bytes>` : `<${shown}>`;
}
