import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteSearch, searchTable } from '../../src/bytes/byte-search.js';
import { anyCut } from '../helpers/cuts.js';
import { bytesOf } from '../helpers/decoded.js';

/** Where the first pattern ends and how long the longest is that ends there, the slow way. */
function firstIn(text: string, patterns: readonly string[]): [end: number, length: number] | undefined {
  for (let end = 1; end <= text.length; end += 1) {
    const here = patterns.filter((pattern) => text.slice(0, end).endsWith(pattern));
    if (here.length > 0) return [end, Math.max(...here.map(({ length }) => length))];
  }
  return undefined;
}

/** The longest end of a text that begins a pattern. */
const begunIn = (text: string, patterns: readonly string[]): number =>
  Math.max(
    0,
    ...patterns.flatMap((pattern) =>
      Array.from({ length: pattern.length }, (_, n) => n).filter(
        (n) => n > 0 && text.endsWith(pattern.slice(0, n)),
      ),
    ),
  );

const find = (text: string, patterns: readonly string[], cut = (bytes: Uint8Array) => [bytes]) => {
  const search = new ByteSearch(searchTable(patterns.map(bytesOf)));
  let seen = 0;
  for (const chunk of cut(bytesOf(text))) {
    const at = search.look(chunk, 0, chunk.length);
    if (at >= 0) return [seen + at + 1, search.matched];
    seen += chunk.length;
  }
  return search.begun;
};

describe('ByteSearch', () => {
  it.each([
    ['ab--c', ['--'], [4, 2]],
    ['ab-c-', ['--'], 1],
    ['aab', ['ab'], [3, 2]],
    ['aaab', ['aab'], [4, 3]],
    ['ababac', ['abac'], [6, 4]],
    ['x\r\n', ['\n', '\r\n'], [3, 2]],
    ['x\n', ['\n', '\r\n'], [2, 1]],
    ['x\r', ['\n', '\r\n'], 1],
    ['xabd', ['abc', 'bd'], [4, 2]],
    ['xabcd', ['abcx', 'bcd'], [5, 3]],
  ])('finds in %j what ends first of %j', (text, patterns, found) => {
    expect(find(text, patterns)).toEqual(found);
  });

  it('finds what the slow way finds, in any cut', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 5 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd'), maxLength: 40 });
    fc.assert(
      fc.property(text, fc.array(word, { minLength: 1, maxLength: 4 }), anyCut, (all, words, cut) => {
        fc.pre(isSound(words));
        const patterns = [...new Set(words)];
        expect(find(all, patterns, cut)).toEqual(firstIn(all, patterns) ?? begunIn(all, patterns));
      }),
      { numRuns: 2_000 },
    );
  });

  it('looks only between start and end', () => {
    const search = new ByteSearch(searchTable([bytesOf(';')]));
    expect(search.look(bytesOf(';a;;'), 1, 2)).toBe(-1);
    expect(search.look(bytesOf(';a;;'), 2, 4)).toBe(2);
  });

  it('forgets what it has seen when it is told to', () => {
    const search = new ByteSearch(searchTable([bytesOf('--')]));
    search.look(bytesOf('-'), 0, 1);
    search.reset();
    expect(search.begun).toBe(0);
    expect(search.look(bytesOf('-'), 0, 1)).toBe(-1);
  });
});

describe('searchTable', () => {
  it.each([
    ['no pattern', []],
    ['an empty one', ['']],
    ['an empty one among others', ['a', '']],
    ['more than 1,024 bytes', ['a'.repeat(1_025)]],
    ['one that begins another', ['\r', '\r\n']],
    ['one within another', ['b', 'abc']],
  ])('throws a RangeError for %s', (_, patterns) => {
    expect(() => searchTable(patterns.map(bytesOf))).toThrow(RangeError);
  });

  it('takes 1,024 bytes, the same twice, and one at the end of another', () => {
    expect(find(`${'a'.repeat(1_023)}b`, [`${'a'.repeat(1_023)}b`])).toEqual([1_024, 1_024]);
    expect(find('xab', ['ab', 'b'])).toEqual([3, 2]);
    expect(find('xa', ['a', 'a'])).toEqual([2, 1]);
  });
});

const isSound = (words: readonly string[]): boolean =>
  words.every((one) => words.every((other) => one === other || !one.slice(0, -1).includes(other)));
