import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JsonTextsOptions, jsonTexts } from '../../src/framing/json-texts.js';
import { framingContract } from '../contracts/framing.js';
import { words } from '../contracts/framing-samples.js';
import { anyCut, byteByByte, inChunksOf, whole } from '../helpers/cuts.js';
import { bytesOf, decoded, frameOf } from '../helpers/decoded.js';
import { Bench } from '../helpers/machine-bench.js';

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

const notEncodable = expect.objectContaining({ name: 'SendError', code: 'not-encodable', fate: 'not-sent' });

/** The texts in a text and how it ends, the same in one chunk, byte by byte and in pieces. */
function split(bytes: string, options: JsonTextsOptions = {}): string[] {
  const [found, ...others] = [whole, byteByByte, inChunksOf(2), inChunksOf(3, 1)].map((cut) => {
    const { messages, end } = decoded(jsonTexts(options), cut(bytesOf(bytes)));
    return [...messages.map((message) => Buffer.from(message, 'hex').toString()), end];
  });
  for (const other of others) expect(other).toEqual(found);
  return found as string[];
}

describe('jsonTexts', () => {
  it.each([
    ['{}[]{"a":1}', ['{}', '[]', '{"a":1}', '|']],
    [' \t\r\n{} \n [] \n', ['{}', '[]', '|']],
    [' \n ', ['|']],
    ['["]"]', ['["]"]', '|']],
    ['["\\"]"]', ['["\\"]"]', '|']],
    ['["\\\\"]', ['["\\\\"]', '|']],
    ['["\\\\\\"]"]', ['["\\\\\\"]"]', '|']],
    ['{"{":"}"}', ['{"{":"}"}', '|']],
    ['[[{}],[[]]]', ['[[{}],[[]]]', '|']],
    ['["é€😀"]', ['["é€😀"]', '|']],
    ['{"a":', ['cut-short']],
    ['{}[', ['{}', 'cut-short']],
    ['{}"', ['{}', 'malformed']],
    ['{},{}', ['{}', 'malformed']],
    ['{}1', ['{}', 'malformed']],
    ['null', ['malformed']],
    ['{]', ['malformed']],
    ['[}', ['malformed']],
    ['}', ['malformed']],
    ['\ufeff{}', ['malformed']],
    ['\u001e{}', ['malformed']],
  ])('cuts %j', (bytes, expected) => {
    expect(split(bytes)).toEqual(expected);
  });

  it('leaves what is within to the codec', () => {
    expect(split('[nonsense, 1 2 3 : ]')).toEqual(['[nonsense, 1 2 3 : ]', '|']);
  });

  it('cuts whatever JSON.stringify makes of objects and arrays, with any white space', () => {
    const value = fc.oneof(fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue()));
    const blank = fc.string({ unit: fc.constantFrom(' ', '\t', '\n', '\r'), maxLength: 3 });
    const texts = fc.array(fc.tuple(value, fc.nat(3), blank), { maxLength: 6 });
    fc.assert(
      fc.property(texts, anyCut, (all, cut) => {
        const written = all.map(([one, indent]) => JSON.stringify(one, null, indent));
        const bytes = bytesOf(all.map(([, , between], index) => `${between}${written[index]}`).join(''));
        const { messages, end } = decoded(jsonTexts(), cut(bytes));
        expect(messages.map((message) => Buffer.from(message, 'hex').toString())).toEqual(written);
        expect(end).toBe('|');
      }),
    );
  });

  it('takes 128 brackets within each other by itself, and no more', () => {
    const deep = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(split(deep(128))).toEqual([deep(128), '|']);
    expect(split(deep(129))).toEqual(['malformed']);
    expect(split('[]', { maxDepth: 1 })).toEqual(['[]', '|']);
    expect(split('[{}]', { maxDepth: 1 })).toEqual(['malformed']);
    expect(() => jsonTexts().encode(bytesOf(deep(129)))).toThrow(notEncodable);
  });

  it('takes a text of the limit, and no larger one', () => {
    const limited = { maxMessageBytes: 6 };
    expect(split('["ab"]["abc"]', limited)).toEqual(['["ab"]', 'message-too-large']);
    expect(split('["abcd', limited)).toEqual(['cut-short']);
    expect(split('["abcde', limited)).toEqual(['message-too-large']);
    expect(split('{"ab"}]', limited)).toEqual(['{"ab"}', 'malformed']);
    expect(split('{"abc]', limited)).toEqual(['cut-short']);
    expect(split('{"abc"]', limited)).toEqual(['message-too-large']);
  });

  it('goes on through white space that came in several chunks', () => {
    const bench = new Bench(jsonTexts());
    for (const chunk of ['  ', ' ', ' []']) bench.push(bytesOf(chunk));
    expect([bench.drain(), bench.since()]).toEqual([['5b5d'], '']);
  });

  it('says what is wrong with a byte that no text begins with, however many come with it', () => {
    expect(decoded(jsonTexts({ maxMessageBytes: 3 }), [bytesOf('1234')]).end).toBe('malformed');
  });

  it('drops white space without end, and stores none of it', () => {
    const { machine } = new Bench(jsonTexts({ maxMessageBytes: 2 }));
    for (let round = 0; round < 1_000; round += 1) {
      machine.push(new Uint8Array(1_000).fill(32));
      expect(machine.read()).toBeUndefined();
      expect(machine.unreadBytes).toBe(0);
    }
  });

  it('sends an object or array as it is', () => {
    const message = bytesOf('{"a":[1]}');
    expect(frameOf(jsonTexts(), message)).toEqual(message);
  });

  it.each(['', '1', '"a"', 'null', '{', '{}{}', '{} ', ' {}', '{]', 'x{}'])(
    'throws a SendError for %j',
    (message) => {
      expect(() => jsonTexts().encode(bytesOf(message))).toThrow(notEncodable);
    },
  );

  it('throws a RangeError for limits that leave no text', () => {
    expect(() => jsonTexts({ maxMessageBytes: 1 })).toThrow(RangeError);
    expect(() => jsonTexts({ maxDepth: 0 })).toThrow(RangeError);
    expect(() => jsonTexts({ maxDepth: 1.5 })).toThrow(TypeError);
  });
});
