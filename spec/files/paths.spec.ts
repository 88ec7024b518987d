import { describe, expect, it } from 'vitest';
import { namesIn } from '../../src/files/paths.js';

describe('namesIn', () => {
  it.each([
    ['a', ['a']],
    ['photos/2026/a b.jpg', ['photos', '2026', 'a b.jpg']],
    ['...', ['...']],
    ['ü/日本', ['ü', '日本']],
    ['.hidden', ['.hidden']],
    ['x'.repeat(255), ['x'.repeat(255)]],
  ])('takes %j for names', (path, names) => expect(namesIn(path)).toEqual(names));

  it.each([
    [''],
    ['/'],
    ['/etc/passwd'],
    ['//server/share'],
    ['C:\\x'],
    ['c:x'],
    ['C:/x'],
    ['..'],
    ['a/../b'],
    ['a/..'],
    ['./a'],
    ['a//b'],
    ['a/'],
    ['a\\..\\b'],
    ['a\u0000b'],
    ['a\nb'],
    ['a\u001b[2J'],
    ['a\u009b'],
    ['\ud800'],
    ['x'.repeat(256)],
    ['ü'.repeat(128)],
    ['a/'.repeat(2_100)],
    ['.rx-tinyproto-0123.part'],
    ['a/.RX-TINYPROTO-0123.PART'],
  ])('refuses %j', (path) => expect(() => namesIn(path)).toThrow(/\(refused\)$/));
});
