import { decode } from '../../src/framing/decode.js';
import { delimited } from '../../src/framing/delimited.js';
import { encode } from '../../src/framing/encode.js';
import { fixedLength } from '../../src/framing/fixed-length.js';
import type { Framing } from '../../src/framing/framing.js';
import { jsonTexts } from '../../src/framing/json-texts.js';
import { lengthPrefixed } from '../../src/framing/length-prefixed.js';
import { framing } from '../../src/framing/lift.js';
import { lines } from '../../src/framing/lines.js';
import { varintPrefixed } from '../../src/framing/varint-prefixed.js';
import { frameOf } from './decoded.js';
import { Bench } from './machine-bench.js';

const maxMessageBytes = Number.POSITIVE_INFINITY;
const boundless = lines({ maxLineBytes: maxMessageBytes });

/** The framings that put messages together, each with a message of so many bytes that is hard on it. */
export const large: Readonly<Record<string, (bytes: number) => readonly [Framing, Uint8Array]>> = {
  lengthPrefixed: (bytes) => [lengthPrefixed({ maxMessageBytes }), filled(bytes, 'a')],
  varintPrefixed: (bytes) => [varintPrefixed({ maxMessageBytes }), filled(bytes, 'a')],
  // Every byte but the last is the beginning of a delimiter.
  delimited: (bytes) => [
    delimited(new TextEncoder().encode('aab'), { maxMessageBytes }),
    filled(bytes, 'a', '', 'c'),
  ],
  lines: (bytes) => [boundless, filled(bytes, '\r', '', 'a')],
  fixedLength: (bytes) => [fixedLength(bytes), filled(bytes, 'a')],
  jsonTexts: (bytes) => [jsonTexts({ maxMessageBytes }), filled(bytes, '\\', '["', '"]')],
  'a lifted framing': (bytes) => [
    framing(decode(boundless), encode(boundless), { maxMessageBytes }),
    filled(bytes, 'a'),
  ],
};

function filled(bytes: number, letter: string, first = '', last = ''): Uint8Array {
  const message = new Uint8Array(bytes).fill(letter.charCodeAt(0));
  message.set(new TextEncoder().encode(first));
  message.set(new TextEncoder().encode(last), bytes - last.length);
  return message;
}

/** Sends a message in chunks of one size, reads after each, and gives back how many bytes came out. */
export function carry(framing: Framing, message: Uint8Array, chunkBytes: number): number {
  const frame = frameOf(framing, message);
  const { machine } = new Bench(framing);
  let read = 0;
  for (let at = 0; at < frame.length; at += chunkBytes) {
    machine.push(frame.subarray(at, at + chunkBytes));
    for (let one = machine.read(); one; one = machine.read()) read += one.length;
  }
  return read;
}
