import type { Decoded } from './decoded.js';

/** What a framing makes of bytes, told the slow way: from the whole of them, by another road than the sources. */
export type Oracle = (bytes: Uint8Array) => Decoded;

const hexOf = (bytes: ArrayLike<number>): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Takes messages off the front until one stops it: `take` tells how long the frame is and what its message, or how it all ends. */
function repeat(
  bytes: Uint8Array,
  take: (rest: number[]) => { frame: number; message?: ArrayLike<number> } | string,
): Decoded {
  const messages: string[] = [];
  let rest = [...bytes];
  while (rest.length > 0) {
    const taken = take(rest);
    if (typeof taken === 'string') return { messages, end: taken };
    if (taken.message) messages.push(hexOf(taken.message));
    rest = rest.slice(taken.frame);
  }
  return { messages, end: '|' };
}

export interface LengthLayout {
  readonly size: number;
  readonly littleEndian: boolean;
  readonly offset: number;
  readonly adjust: number;
  readonly strip: number;
  readonly most: number;
}

export const lengthOracle =
  ({ size, littleEndian, offset, adjust, strip, most }: LengthLayout): Oracle =>
  (bytes) =>
    repeat(bytes, (rest) => {
      const field = rest.slice(offset, offset + size);
      if (field.length < size) return 'cut-short';
      if (littleEndian) field.reverse();
      const length = BigInt(`0x${hexOf(field)}`);
      if (length >= 2n ** 53n) return 'message-too-large';
      const frame = length + BigInt(offset + size + adjust);
      if (frame < BigInt(offset + size) || frame < BigInt(strip)) return 'malformed';
      if (frame - BigInt(strip) > BigInt(most)) return 'message-too-large';
      if (frame > BigInt(rest.length)) return 'cut-short';
      return { frame: Number(frame), message: rest.slice(strip, Number(frame)) };
    });

export const varintOracle =
  (most: number): Oracle =>
  (bytes) =>
    repeat(bytes, (rest) => {
      let bits = '';
      for (let at = 0; at < 9; at += 1) {
        const byte = rest[at];
        if (byte === undefined) return 'cut-short';
        bits = (byte % 128).toString(2).padStart(7, '0') + bits;
        const size = BigInt(`0b${bits}`);
        if (size > BigInt(most)) return 'message-too-large';
        if (byte >= 128) continue;
        if (byte === 0 && at > 0) return 'malformed';
        const frame = at + 1 + Number(size);
        return frame > rest.length ? 'cut-short' : { frame, message: rest.slice(at + 1, frame) };
      }
      return 'malformed';
    });

/** A character a byte, so that strings can search. */
const latin1 = (bytes: ArrayLike<number>): string => String.fromCharCode(...Array.from(bytes));
const bytesOf = (text: string): number[] => Array.from(text, (letter) => letter.charCodeAt(0));

export interface DelimitedLayout {
  readonly delimiters: readonly string[];
  readonly most: number;
  readonly discard: boolean;
  readonly deliver: boolean;
}

export const delimitedOracle =
  ({ delimiters, most, discard, deliver }: DelimitedLayout): Oracle =>
  (bytes) =>
    repeat(bytes, (rest) => {
      const text = latin1(rest);
      const ends = delimiters.map((one) =>
        text.includes(one) ? text.indexOf(one) + one.length : Number.POSITIVE_INFINITY,
      );
      const frame = Math.min(...ends);
      if (frame === Number.POSITIVE_INFINITY) return lastOf(text, { delimiters, most, discard, deliver });
      const length = Math.max(
        ...delimiters.filter((_, index) => ends[index] === frame).map((one) => one.length),
      );
      if (frame - length <= most) return { frame, message: rest.slice(0, frame - length) };
      return discard ? { frame } : 'message-too-large';
    });

/** What has no delimiter: too large as soon as no beginning of one can make it smaller. */
function lastOf(text: string, { delimiters, most, discard, deliver }: DelimitedLayout) {
  const begun = Math.max(
    0,
    ...delimiters.flatMap((one) => [...one].map((_, n) => (n > 0 && text.endsWith(one.slice(0, n)) ? n : 0))),
  );
  if (text.length - begun > most && !discard) return 'message-too-large';
  if (!deliver) return 'cut-short';
  if (text.length <= most) return { frame: text.length, message: bytesOf(text) };
  return discard ? { frame: text.length } : 'message-too-large';
}

export const fixedOracle =
  (size: number): Oracle =>
  (bytes) =>
    repeat(bytes, (rest) =>
      rest.length < size ? 'cut-short' : { frame: size, message: rest.slice(0, size) },
    );

/** Brackets that are open behind a text, by taking out what is closed; `undefined` if some closes what is not open. */
function openBrackets(text: string): string | undefined {
  let rest = text
    .replace(/"(?:[^"\\]|\\[\s\S])*"/g, '')
    .replace(/"[\s\S]*$/, '')
    .replace(/[^[\]{}]/g, '');
  for (let before = ''; before !== rest; ) {
    before = rest;
    rest = rest.replaceAll('[]', '').replaceAll('{}', '');
  }
  return /[\]}]/.test(rest) ? undefined : rest;
}

export const jsonOracle =
  (most: number, maxDepth: number): Oracle =>
  (bytes) =>
    repeat(bytes, (rest) => {
      const text = latin1(rest);
      const blank = /^[ \t\r\n]*/.exec(text)?.[0].length ?? 0;
      if (blank > 0) return { frame: blank };
      for (let end = 1; end <= text.length; end += 1) {
        if (end > most) return 'message-too-large';
        const open = openBrackets(text.slice(0, end));
        if (open === undefined || open.length > maxDepth || !/^[[{]/.test(text)) return 'malformed';
        if (open === '' && !endsInString(text.slice(0, end)))
          return { frame: end, message: rest.slice(0, end) };
      }
      return 'cut-short';
    });

const endsInString = (text: string): boolean => text.replace(/"(?:[^"\\]|\\[\s\S])*"/g, '').includes('"');
