import { describe, expect, it } from 'vitest';
import { type Letter, readLetter, writeLetter } from '../../src/files/letters.js';

const written = (letter: Letter) => new TextDecoder().decode(writeLetter(letter));
const read = (text: string) => readLetter(new TextEncoder().encode(text));

const held = { bytes: 7, sha256: 'ab' };

describe('a letter', () => {
  it.each<[Letter, string]>([
    [
      { type: 'upload-request', size: 3, path: 'a', isOurs: false },
      '{"type":"upload-request","letter":{"file_size":3,"destination_path":"a"}}',
    ],
    [
      { type: 'upload-request', size: 3, path: 'a', isOurs: true },
      '{"type":"upload-request","letter":{"file_size":3,"destination_path":"a"}}\n',
    ],
    [
      { type: 'download-request', path: 'ü"', isOurs: false },
      '{"type":"download-request","letter":{"download_path":"ü\\""}}',
    ],
    [
      { type: 'download-confirmation', size: 0, isOurs: false },
      '{"type":"download-confirmation","letter":{"file_size":0}}',
    ],
    [
      { type: 'download-confirmation', size: 0, isOurs: true },
      '{"type":"download-confirmation","letter":{"file_size":0,"resumable":true}}',
    ],
    [{ type: 'confirmed' }, '{"type":"confirmed","letter":{}}'],
    [{ type: 'confirmed', held }, '{"type":"confirmed","letter":{"held_bytes":7,"held_sha256":"ab"}}'],
    [{ type: 'rejected', reason: 'no' }, '{"type":"rejected","letter":{"reason":"no"}}'],
    [{ type: 'resume-from', offset: 7 }, '{"type":"resume-from","letter":{"offset":7}}'],
    [{ type: 'checksum', sha256: 'ab' }, '{"type":"checksum","letter":{"sha256":"ab"}}'],
    [{ type: 'close' }, '{"type":"close","letter":{}}'],
  ])('%j is %s, both ways', (letter, text) => {
    expect(written(letter)).toBe(text);
    expect(read(text)).toEqual(letter);
  });

  it('may have blanks between, as json.dumps writes them, and fields that nobody knows', () => {
    const text = '{"type": "download-request", "letter": {"download_path": "a", "more": 1}, "more": 2}';
    expect(read(text)).toEqual({ type: 'download-request', path: 'a', isOurs: false });
  });

  it.each([
    '',
    'null',
    '1',
    '"close"',
    '{}',
    '{"type":"close"}',
    '{"type":"open","letter":{}}',
    '{"type":"upload-request","letter":{"file_size":-1,"destination_path":"a"}}',
    '{"type":"upload-request","letter":{"file_size":1.5,"destination_path":"a"}}',
    '{"type":"upload-request","letter":{"file_size":1e300,"destination_path":"a"}}',
    '{"type":"upload-request","letter":{"file_size":"1","destination_path":"a"}}',
    '{"type":"upload-request","letter":{"file_size":1,"destination_path":["a"]}}',
    '{"type":"download-request","letter":{}}',
    '{"type":"__proto__","letter":{}}',
  ])('is not %s', (text) => expect(() => read(text)).toThrow(/\(unexpected-letter\)$/));
});
