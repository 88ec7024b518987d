import fc from 'fast-check';
import { hex } from 'rx-tinyproto/testing';
import { describe } from 'vitest';
import { decode } from '../../src/framing/decode.js';
import { delimited } from '../../src/framing/delimited.js';
import { encode } from '../../src/framing/encode.js';
import { fixedLength } from '../../src/framing/fixed-length.js';
import { jsonTexts } from '../../src/framing/json-texts.js';
import { lengthPrefixed } from '../../src/framing/length-prefixed.js';
import { framing } from '../../src/framing/lift.js';
import { lines } from '../../src/framing/lines.js';
import { tinyproto } from '../../src/framing/tinyproto.js';
import { varintPrefixed } from '../../src/framing/varint-prefixed.js';
import { wholeChunks } from '../../src/framing/whole-chunks.js';
import { type FramingSamples, framingContract } from '../contracts/framing.js';
import { talkContract } from '../contracts/framing-talk.js';
import { bytesOf } from '../helpers/decoded.js';

// Every framing, and what every framing owes. What one of them owes besides stands in a spec of its own.

const anyBytes = fc.uint8Array({ maxLength: 300 });
const words = (...all: readonly string[]) => all.map(bytesOf);
const plain = words('hi', '', 'a longer one, by far');

const prefixed = (
  make: (maxMessageBytes: number) => ReturnType<typeof lengthPrefixed>,
): NonNullable<FramingSamples['limited']> => ({
  framing: make,
  message: (bytes) => new Uint8Array(bytes).fill(7),
});

framingContract('lengthPrefixed', () => lengthPrefixed(), {
  messages: plain,
  anyMessage: anyBytes,
  limited: prefixed((maxMessageBytes) => lengthPrefixed({ maxMessageBytes })),
  lies: {
    'a size above the limit': [hex`00 80 00 01`, 'message-too-large'],
    'the largest size there is, and a byte': [hex`ff ff ff ff 00`, 'message-too-large'],
    'half a size': [hex`00 00`, 'cut-short'],
    'more size than bytes': [hex`00 00 00 03 61 62`, 'cut-short'],
  },
});

framingContract(
  'lengthPrefixed, 8 bytes, little-endian',
  () => lengthPrefixed({ size: 8, littleEndian: true }),
  {
    messages: plain,
    anyMessage: anyBytes,
    limited: prefixed((maxMessageBytes) => lengthPrefixed({ size: 8, littleEndian: true, maxMessageBytes })),
    lies: {
      'a size of 2^53': [hex`00 00 00 00 00 00 20 00`, 'message-too-large'],
      'a size of 2^64 - 1': [hex`ff ff ff ff ff ff ff ff`, 'message-too-large'],
      'a size of 2^56 + 1, which a 32-bit shift takes for 1': [
        hex`01 00 00 00 00 00 00 01`,
        'message-too-large',
      ],
    },
  },
);

framingContract(
  'lengthPrefixed, the length counts the whole frame, its header is kept',
  () => lengthPrefixed({ offset: 1, size: 2, adjust: -3, strip: 0 }),
  {
    messages: [hex`2a 00 05 68 69`, hex`2b 00 03`, hex`2a 00 06 61 62 63`],
    anyMessage: fc.tuple(fc.nat(255), anyBytes).map(([type, body]) => {
      const size = body.length + 3;
      return Uint8Array.of(type, size >> 8, size & 255, ...body);
    }),
    lies: {
      'a length of less than its header': [hex`2a 00 02`, 'malformed'],
      'a length of nothing': [hex`2a 00 00`, 'malformed'],
      'half a header': [hex`2a 00`, 'cut-short'],
    },
  },
);

framingContract('varintPrefixed', () => varintPrefixed(), {
  messages: [...plain, new Uint8Array(200)],
  anyMessage: anyBytes,
  limited: prefixed((maxMessageBytes) => varintPrefixed({ maxMessageBytes })),
  lies: {
    'a size above the limit': [hex`81 80 80 04`, 'message-too-large'],
    'a size above the limit that has not ended': [hex`ff ff ff ff`, 'message-too-large'],
    'a size that never ends': [hex`80 80 80 80 80 80 80 80 80`, 'malformed'],
    'a size longer than it needs to be': [hex`80 00`, 'malformed'],
    'half a size': [hex`80`, 'cut-short'],
  },
});

framingContract('delimited, by one byte', () => delimited(hex`00`), {
  messages: plain,
  anyMessage: fc.uint8Array({ min: 1, maxLength: 300 }),
  limited: prefixed((maxMessageBytes) => delimited(hex`00`, { maxMessageBytes })),
  lies: { 'no delimiter': [hex`61 62`, 'cut-short'] },
});

framingContract('delimited, by any of three', () => delimited(words('--', ';', 'end;')), {
  messages: words('hi', '', 'a-b-c'),
  anyMessage: fc.string({ unit: fc.constantFrom('a', 'e', 'n', 'd', '-x') }).map(bytesOf),
  limited: {
    framing: (maxMessageBytes) => delimited(words('--', ';', 'end;'), { maxMessageBytes }),
    message: (bytes) => new Uint8Array(bytes).fill(97),
  },
  lies: { 'half a delimiter': [bytesOf('a-'), 'cut-short'] },
});

framingContract('lines', () => lines(), {
  messages: words('hi', '', 'a\rb'),
  anyMessage: fc
    .string({ unit: fc.constantFrom('a', '\r', 'é', '\0', '\ra') })
    .map((text) => bytesOf(`${text}.`)),
  limited: prefixed((maxLineBytes) => lines({ maxLineBytes })),
  lies: { 'no ending': [bytesOf('ab'), 'cut-short'], 'half an ending': [bytesOf('ab\r'), 'cut-short'] },
});

framingContract('lines that end in CRLF', () => lines({ ending: '\r\n' }), {
  messages: words('hi', '', '\r\r'),
  anyMessage: fc.string({ unit: fc.constantFrom('a', '\r', 'é') }).map(bytesOf),
  limited: prefixed((maxLineBytes) => lines({ ending: '\r\n', maxLineBytes })),
});

framingContract('fixedLength', () => fixedLength(5), {
  messages: words('abcde', '12345', '.....'),
  anyMessage: fc.uint8Array({ minLength: 5, maxLength: 5 }),
});

framingContract('wholeChunks', () => wholeChunks(), {
  messages: words('hi', 'ho', 'a longer one'),
  anyMessage: fc.uint8Array({ minLength: 1, maxLength: 300 }),
  limited: prefixed((maxMessageBytes) => wholeChunks({ maxMessageBytes })),
  halfIsWhole: true,
});

framingContract('jsonTexts', () => jsonTexts(), {
  messages: words('{"a":1}', '[]', '[{"b":"]}\\"\\\\"}, [[]]]'),
  anyMessage: fc
    .oneof(fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue()))
    .map((value) => bytesOf(JSON.stringify(value))),
  limited: {
    framing: (maxMessageBytes) => jsonTexts({ maxMessageBytes }),
    message: (bytes) => bytesOf(`["${'x'.repeat(bytes - 4)}"]`),
  },
  lies: {
    'a number': [bytesOf('1'), 'malformed'],
    'a string': [bytesOf('"a"'), 'malformed'],
    'a bracket that closes nothing': [bytesOf(']'), 'malformed'],
    'a bracket that closes another': [bytesOf('[}'), 'malformed'],
    'brackets without end': [bytesOf('['.repeat(129)), 'malformed'],
    'half a string': [bytesOf('["]'), 'cut-short'],
  },
});

framingContract(
  'framing, lifted from the operators of lines',
  () => framing(decode(lines()), encode(lines())),
  {
    messages: words('hi', '', 'a\rb'),
    anyMessage: fc
      .string({ unit: fc.constantFrom('a', '\r', 'é', '\0', '\ra') })
      .map((text) => bytesOf(`${text}.`)),
    limited: prefixed((maxMessageBytes) => framing(decode(lines()), encode(lines()), { maxMessageBytes })),
    lies: { 'no ending': [bytesOf('ab'), 'cut-short'] },
    givesBack: false,
  },
);

describe('tinyproto', () => {
  talkContract(() => tinyproto(), { anyMessage: anyBytes });
});

describe('tinyproto, pipelined', () => {
  talkContract(() => tinyproto({ window: 8 }), { anyMessage: anyBytes });
});
