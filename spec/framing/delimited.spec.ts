import fc from 'fast-check';
import { hex } from 'rx-tinyproto/testing';
import { describe, expect, it } from 'vitest';
import { type DelimitedOptions, delimited } from '../../src/framing/delimited.js';
import { framingContract } from '../contracts/framing.js';
import { plain, prefixed, words } from '../contracts/framing-samples.js';
import { byteByByte, inChunksOf, whole } from '../helpers/cuts.js';
import { bytesOf, decoded, frameOf, hexOf } from '../helpers/decoded.js';
import { Bench } from '../helpers/machine-bench.js';

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

const notEncodable = expect.objectContaining({ name: 'SendError', code: 'not-encodable', fate: 'not-sent' });

/** What becomes of a text, the same in one chunk, byte by byte and three by three. */
function split(text: string, delimiters: string | readonly string[], options: DelimitedOptions = {}): string {
  const framing = delimited([delimiters].flat().map(bytesOf), options);
  const [found, ...others] = [whole, byteByByte, inChunksOf(3)].map((cut) => {
    const { messages, end } = decoded(framing, cut(bytesOf(text)));
    return [...messages.map((message) => Buffer.from(message, 'hex').toString()), end].join(' ');
  });
  for (const other of others) expect(other).toBe(found);
  return found as string;
}

describe('delimited', () => {
  it.each([
    ['a;b;', ';', 'a b |'],
    [';;', ';', '  |'],
    ['a-b--c---', '--', 'a-b c cut-short'],
    ['aab', 'ab', 'a |'],
    ['ababab', 'abab', ' cut-short'],
    ['a;b--c;', [';', '--'], 'a b c |'],
    ['a end; b;', [';', 'end;'], 'a   b |'],
  ])('cuts %j at %j', (text, delimiters, expected) => {
    expect(split(text, delimiters)).toBe(expected);
  });

  it('writes the first of its delimiters', () => {
    expect(hexOf(frameOf(delimited([hex`0d 0a`, hex`0a`]), hex`61`))).toBe('610d0a');
  });

  it('keeps its delimiters, whatever becomes of the arrays', () => {
    const delimiter = hex`00`;
    const framing = delimited(delimiter);
    delimiter[0] = 1;
    expect(decoded(framing, [hex`61 00`]).messages).toEqual(['61']);
    expect(hexOf(frameOf(framing, hex`61`))).toBe('6100');
  });

  it.each([
    ['that holds a delimiter', ';', 'a;b'],
    ['that begins with a delimiter', ';', ';a'],
    ['that is a delimiter', '--', '--'],
    ['that holds a delimiter of another kind', ['--', ';'], 'a;b'],
    ['that begins the delimiter behind it', 'aba', 'ab'],
    ['that makes a longer delimiter with its own', [';', 'end;'], 'the end'],
    ['whose end and delimiter hold another', ['--', 'x-'], 'x'],
  ])('throws a SendError for a message %s', (_, delimiters, message) => {
    const framing = delimited([delimiters].flat().map(bytesOf));
    expect(() => framing.encode(bytesOf(message))).toThrow(notEncodable);
  });

  describe('with a limit', () => {
    it.each([
      ['abc;', 'abc |'],
      ['abcd;', 'message-too-large'],
      ['abcd', 'message-too-large'],
      ['ab;abcd;', 'ab message-too-large'],
      [';;;;;;;;', '        |'],
    ])('says of %j: %s', (text, expected) => {
      expect(split(text, ';', { maxMessageBytes: 3 })).toBe(expected);
    });

    it('lets a delimiter begin behind the limit', () => {
      expect(split('abc--', '--', { maxMessageBytes: 3 })).toBe('abc |');
      expect(split('abc-', '--', { maxMessageBytes: 3 })).toBe('cut-short');
      expect(split('abc-d--', '--', { maxMessageBytes: 3 })).toBe('message-too-large');
      expect(split('abcd', '--', { maxMessageBytes: 3 })).toBe('message-too-large');
    });

    it('of nothing takes empty messages only', () => {
      expect(split(';;', ';', { maxMessageBytes: 0 })).toBe('  |');
      expect(split('a;', ';', { maxMessageBytes: 0 })).toBe('message-too-large');
    });
  });

  describe('that discards what is overlong', () => {
    const discard = { maxMessageBytes: 3, overlong: 'discard' } as const;

    it.each([
      ['ab;abcd;cd;', ';', 'ab cd |'],
      ['abcdefgh;ab;', ';', 'ab |'],
      ['abcd;abcd;abcd;', ';', '|'],
      ['abcdefghij', ';', 'cut-short'],
      ['abcdefg--ab--', '--', 'ab |'],
      ['abcdefg-h--ab--', '--', 'ab |'],
      ['abcdefg---ab--', '--', '-ab |'],
    ])('goes on behind the next delimiter: %j', (text, delimiter, expected) => {
      expect(split(text, delimiter, discard)).toBe(expected);
    });

    it('stores none of it', () => {
      const framing = delimited(bytesOf(';'), discard);
      const { machine } = new Bench(framing);
      for (let round = 0; round < 1_000; round += 1) {
        machine.push(new Uint8Array(1_000).fill(97));
        expect(machine.read()).toBeUndefined();
        expect(machine.unreadBytes).toBe(0);
      }
    });
  });

  describe('that delivers what is unterminated', () => {
    const deliver = { unterminated: 'deliver' } as const;

    it.each([
      ['a;b', ';', 'a b |'],
      ['a;', ';', 'a |'],
      ['', ';', '|'],
      ['a--b-', '--', 'a b- |'],
    ])('takes the rest for a message: %j', (text, delimiter, expected) => {
      expect(split(text, delimiter, deliver)).toBe(expected);
    });

    it('holds it to the limit', () => {
      expect(split('a;abc', ';', { ...deliver, maxMessageBytes: 3 })).toBe('a abc |');
      expect(split('a;abcd', ';', { ...deliver, maxMessageBytes: 3 })).toBe('a message-too-large');
      expect(split('a;abc-', '--', { ...deliver, maxMessageBytes: 4 })).toBe('message-too-large');
      expect(split('a;abcd', ';', { ...deliver, maxMessageBytes: 3, overlong: 'discard' })).toBe('a |');
      expect(split('abc-', '--', { ...deliver, maxMessageBytes: 3, overlong: 'discard' })).toBe('|');
    });
  });

  it.each([
    ['no delimiter', []],
    ['an empty one', ['']],
    ['one that can never be found', ['\r', '\r\n']],
  ])('throws a RangeError for %s', (_, delimiters) => {
    expect(() => delimited(delimiters.map(bytesOf))).toThrow(RangeError);
  });

  it('throws a TypeError for what is no Uint8Array, and for options that are no word of theirs', () => {
    expect(() => delimited([';'] as never)).toThrow(TypeError);
    expect(() => delimited(hex`00`, { overlong: 'skip' as never })).toThrow(TypeError);
    expect(() => delimited(hex`00`, { unterminated: true as never })).toThrow(TypeError);
  });
});
