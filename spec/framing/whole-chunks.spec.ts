import fc from 'fast-check';
import { hex } from 'rx-tinyproto/testing';
import { describe, expect, it } from 'vitest';
import { wholeChunks } from '../../src/framing/whole-chunks.js';
import { framingContract } from '../contracts/framing.js';
import { prefixed, words } from '../contracts/framing-samples.js';
import { decoded } from '../helpers/decoded.js';

framingContract('wholeChunks', () => wholeChunks(), {
  messages: words('hi', 'ho', 'a longer one'),
  anyMessage: fc.uint8Array({ minLength: 1, maxLength: 300 }),
  limited: prefixed((maxMessageBytes) => wholeChunks({ maxMessageBytes })),
  halfIsWhole: true,
});

describe('wholeChunks', () => {
  it('takes chunks for messages, however they were cut', () => {
    expect(decoded(wholeChunks(), [hex`01`, hex`02 03`, hex``, hex`04`])).toEqual({
      messages: ['01', '0203', '04'],
      end: '|',
    });
  });

  it('throws a SendError for an empty message: nothing of it would arrive', () => {
    expect(() => wholeChunks().encode(hex``)).toThrow(
      expect.objectContaining({ name: 'SendError', code: 'not-encodable', fate: 'not-sent' }),
    );
  });

  it('throws a RangeError for a limit that leaves no chunk', () => {
    expect(() => wholeChunks({ maxMessageBytes: 0 })).toThrow(RangeError);
  });
});
