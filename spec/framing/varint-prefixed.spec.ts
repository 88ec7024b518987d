import { hex } from 'rx-tinyproto/testing';
import { describe, expect, it } from 'vitest';
import { varintPrefixed } from '../../src/framing/varint-prefixed.js';
import { framingContract } from '../contracts/framing.js';
import { anyBytes, plain, prefixed } from '../contracts/framing-samples.js';
import { decoded, frameOf, hexOf } from '../helpers/decoded.js';

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

describe('varintPrefixed', () => {
  it('writes the size as protobuf and libp2p do', () => {
    expect(hexOf(frameOf(varintPrefixed(), new Uint8Array(300)).subarray(0, 2))).toBe('ac02');
    expect(hexOf(frameOf(varintPrefixed(), hex`61`))).toBe('0161');
  });

  it('takes sizes up to 2^53 - 1, where nobody limits them, and calls a larger one too large', () => {
    const boundless = varintPrefixed({ maxMessageBytes: Number.POSITIVE_INFINITY });
    expect(decoded(boundless, [hex`ff ff ff ff ff ff ff 0f 61`]).end).toBe('cut-short');
    expect(decoded(boundless, [hex`80 80 80 80 80 80 80 10 61`]).end).toBe('message-too-large');
  });

  it('refuses a size that is longer than it needs to be, as the unsigned-varint specification wants', () => {
    expect(decoded(varintPrefixed(), [hex`80 00`], false).end).toBe('malformed');
    expect(decoded(varintPrefixed(), [hex`81 00 61`], false).end).toBe('malformed');
  });
});
