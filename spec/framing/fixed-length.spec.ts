import fc from 'fast-check';
import { hex } from 'rx-tinyproto/testing';
import { describe, expect, it } from 'vitest';
import { fixedLength } from '../../src/framing/fixed-length.js';
import { framingContract } from '../contracts/framing.js';
import { words } from '../contracts/framing-samples.js';

framingContract('fixedLength', () => fixedLength(5), {
  messages: words('abcde', '12345', '.....'),
  anyMessage: fc.uint8Array({ minLength: 5, maxLength: 5 }),
});

describe('fixedLength', () => {
  it('throws a SendError for a message of another size', () => {
    const { encode } = fixedLength(2);
    expect(() => encode(hex`01`)).toThrow(
      expect.objectContaining({ name: 'SendError', code: 'not-encodable' }),
    );
    expect(() => encode(hex``)).toThrow(
      expect.objectContaining({ name: 'SendError', code: 'not-encodable' }),
    );
    expect(() => encode(hex`01 02 03`)).toThrow(
      expect.objectContaining({ name: 'SendError', code: 'message-too-large' }),
    );
  });

  it.each([0, -1, 2 ** 53])('throws a RangeError for %s bytes', (bytes) => {
    expect(() => fixedLength(bytes)).toThrow(RangeError);
  });

  it.each([1.5, Number.NaN, '2', undefined])('throws a TypeError for %s bytes', (bytes) => {
    expect(() => fixedLength(bytes as number)).toThrow(TypeError);
  });
});
