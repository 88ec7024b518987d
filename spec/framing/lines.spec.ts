import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { text } from '../../src/codec/text.js';
import { type LinesOptions, lines } from '../../src/framing/lines.js';
import { framingContract } from '../contracts/framing.js';
import { prefixed, words } from '../contracts/framing-samples.js';
import { byteByByte, inChunksOf, inTwo, whole } from '../helpers/cuts.js';
import { bytesOf, decoded, frameOf } from '../helpers/decoded.js';

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

const notEncodable = expect.objectContaining({ name: 'SendError', code: 'not-encodable', fate: 'not-sent' });

/** The lines of a text and how it ends, the same in one chunk, byte by byte and in pieces. */
function split(bytes: string, options: LinesOptions = {}): string[] {
  const [found, ...others] = [whole, byteByByte, inChunksOf(2), inChunksOf(3, 1)].map((cut) => {
    const { messages, end } = decoded(lines(options), cut(bytesOf(bytes)));
    return [...messages.map((message) => Buffer.from(message, 'hex').toString()), end];
  });
  for (const other of others) expect(other).toEqual(found);
  return found as string[];
}

describe('lines', () => {
  it.each([
    ['a\nb\n', ['a', 'b', '|']],
    ['a\r\nb\r\n', ['a', 'b', '|']],
    ['a\nb\r\n\n\r\n', ['a', 'b', '', '', '|']],
    ['a\rb\n', ['a\rb', '|']],
    ['a\r\r\n', ['a\r', '|']],
    ['\r\n', ['', '|']],
    ['\r\r', ['cut-short']],
    ['a\nb', ['a', 'cut-short']],
    ['a\nb\r', ['a', 'cut-short']],
    ['', ['|']],
  ])('takes LF and CRLF for ends, and CR for none: %j', (bytes, expected) => {
    expect(split(bytes)).toEqual(expected);
    expect(split(bytes, { ending: '\r\n' })).toEqual(expected);
  });

  it('ends its own with LF, or with CRLF', () => {
    expect(Buffer.from(frameOf(lines(), bytesOf('a'))).toString()).toBe('a\n');
    expect(Buffer.from(frameOf(lines({ ending: '\r\n' }), bytesOf('a'))).toString()).toBe('a\r\n');
  });

  it('keeps characters whole, wherever UTF-8 is cut', () => {
    const all = bytesOf('é€😀\nĊ\u010a\u0a0d\n');
    for (let at = 0; at <= all.length; at += 1) {
      const { messages } = decoded(lines(), inTwo(at)(all));
      expect(messages.map((line) => text().decode(Buffer.from(line, 'hex')))).toEqual([
        'é€😀',
        'Ċ\u010a\u0a0d',
      ]);
    }
  });

  it('delivers bytes that are no UTF-8 as they are: that is for the codec to say', () => {
    const { messages } = decoded(lines(), [Uint8Array.of(0xff, 0xc3, 10)]);
    expect(messages).toEqual(['ffc3']);
    expect(() => text().decode(Buffer.from('ffc3', 'hex'))).toThrow(TypeError);
  });

  it.each([
    ['a line end within', '\n', 'a\nb'],
    ['a CRLF within', '\r\n', 'a\r\nb'],
    ['an LF within, where ends are CRLF', '\r\n', 'a\nb'],
    ['a CR at its end, where ends are LF: it would be lost', '\n', 'a\r'],
  ] as const)('throws a SendError for %s', (_, ending, message) => {
    expect(() => lines({ ending }).encode(bytesOf(message))).toThrow(notEncodable);
  });

  it('takes 65,536 bytes by itself, with either ending, and no more', () => {
    const line = 'x'.repeat(65_536);
    expect(split(`${line}\n${line}\r\n`)).toEqual([line, line, '|']);
    expect(split(`${line}x\n`)).toEqual(['message-too-large']);
    expect(split(`${line}\rx\n`)).toEqual(['message-too-large']);
    expect(split(`${line}\r\r\n`)).toEqual(['message-too-large']);
    expect(split(`${line}x`)).toEqual(['message-too-large']);
  });

  it('fails on an endless line as soon as it is too long', () => {
    expect(decoded(lines({ maxLineBytes: 10 }), [bytesOf('0123456789'), bytesOf('a')], false).end).toBe(
      'message-too-large',
    );
    expect(decoded(lines({ maxLineBytes: 10 }), [bytesOf('0123456789'), bytesOf('\r')], false).end).toBe('');
  });

  it('discards an overlong line, by option, and goes on with the next', () => {
    const options = { maxLineBytes: 3, overlong: 'discard' } as const;
    expect(split('ab\nabcd\ncd\n', options)).toEqual(['ab', 'cd', '|']);
    expect(split('ab\r\nabcd\r\ncd\r\n', options)).toEqual(['ab', 'cd', '|']);
    expect(split('abcdefghij\r\r\nabc\r\n', options)).toEqual(['abc', '|']);
    expect(split('abcd', options)).toEqual(['cut-short']);
  });

  it('delivers a last line without an ending, by option', () => {
    const options = { unterminated: 'deliver' } as const;
    expect(split('a\nb', options)).toEqual(['a', 'b', '|']);
    expect(split('a\nb\n', options)).toEqual(['a', 'b', '|']);
    expect(split('a\n\n', options)).toEqual(['a', '', '|']);
    expect(split('a\nb\r', options)).toEqual(['a', 'b\r', '|']);
  });

  it.each<[string, object]>([
    ['an ending of its own', { ending: '\r' }],
    ['an unknown word for what is overlong', { overlong: 'skip' }],
    ['an unknown word for what is unterminated', { unterminated: 'keep' }],
  ])('throws a TypeError for %s', (_, options) => {
    expect(() => lines(options)).toThrow(TypeError);
  });
});
