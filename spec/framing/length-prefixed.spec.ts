import fc from 'fast-check';
import { hex } from 'rx-tinyproto/testing';
import { describe, expect, it } from 'vitest';
import { joined } from '../../src/bytes/joined.js';
import { type LengthPrefixedOptions, lengthPrefixed } from '../../src/framing/length-prefixed.js';
import { framingContract } from '../contracts/framing.js';
import { anyBytes, plain, prefixed } from '../contracts/framing-samples.js';
import { anyCut, byteByByte } from '../helpers/cuts.js';
import { bytesOf, decoded, frameOf, hexOf, streamOf } from '../helpers/decoded.js';

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

const notEncodable = expect.objectContaining({ name: 'SendError', code: 'not-encodable', fate: 'not-sent' });
const tooLarge = expect.objectContaining({ name: 'SendError', code: 'message-too-large', fate: 'not-sent' });

const text = bytesOf('HELLO, WORLD');

/** As in the documentation of Netty's LengthFieldBasedFrameDecoder, in its order. There, `strip` is `initialBytesToStrip`. */
const netty: readonly [string, LengthPrefixedOptions, head: Uint8Array, left: Uint8Array][] = [
  ['2 bytes at offset 0, not stripped', { size: 2, strip: 0 }, hex`00 0c`, hex`00 0c`],
  ['2 bytes at offset 0, stripped', { size: 2, strip: 2 }, hex`00 0c`, hex``],
  ['2 bytes that count themselves, not stripped', { size: 2, adjust: -2, strip: 0 }, hex`00 0e`, hex`00 0e`],
  [
    '3 bytes at the end of a header of 5',
    { offset: 2, size: 3, strip: 0 },
    hex`ca fe 00 00 0c`,
    hex`ca fe 00 00 0c`,
  ],
  [
    '3 bytes at the beginning of a header of 5',
    { size: 3, adjust: 2, strip: 0 },
    hex`00 00 0c ca fe`,
    hex`00 00 0c ca fe`,
  ],
  [
    '2 bytes in the middle of a header of 4, half stripped',
    { offset: 1, size: 2, adjust: 1, strip: 3, header: hex`ca 00 00` },
    hex`ca 00 0c fe`,
    hex`fe`,
  ],
  [
    '2 bytes in the middle that count everything, half stripped',
    { offset: 1, size: 2, adjust: -3, strip: 3, header: hex`ca 00 00` },
    hex`ca 00 10 fe`,
    hex`fe`,
  ],
];

/** As tokio's LengthDelimitedCodec does it: what Netty has not. */
const tokio: typeof netty = [
  ['little-endian', { size: 2, littleEndian: true }, hex`0c 00`, hex``],
  ['5 bytes', { size: 5 }, hex`00 00 00 00 0c`, hex``],
  ['7 bytes, little-endian', { size: 7, littleEndian: true }, hex`0c 00 00 00 00 00 00`, hex``],
  [
    'an unused byte behind the length',
    { size: 3, adjust: 1, strip: 4, header: hex`00 00 00 ff` },
    hex`00 00 0c ff`,
    hex``,
  ],
];

describe('lengthPrefixed', () => {
  describe.each([...netty, ...tokio])('with a length of %s', (_, options, head, left) => {
    const framing = lengthPrefixed(options);
    const frame = joined([head, text]);
    const message = joined([left, text]);

    it('decodes the frame of the documentation, and encodes it', () => {
      expect(decoded(framing, byteByByte(frame))).toEqual({ messages: [hexOf(message)], end: '|' });
      expect(hexOf(frameOf(framing, message))).toBe(hexOf(frame));
    });

    it('decodes what it encodes', () => {
      const any = fc.uint8Array({ maxLength: 100 });
      fc.assert(
        fc.property(fc.array(any), anyCut, (bodies, cut) => {
          const kept = bodies.map((body) =>
            frameOf(framing, joined([left, body])).slice(options.strip ?? options.size),
          );
          const messages = kept.map((one) => one.slice());
          expect(decoded(framing, cut(streamOf(framing, messages)))).toEqual({
            messages: messages.map(hexOf),
            end: '|',
          });
        }),
      );
    });
  });

  it('fills the length in where the message has a place for it', () => {
    const framing = lengthPrefixed({ offset: 1, size: 2, strip: 0 });
    const message = hex`2a ff ff 68 69`;
    expect(hexOf(frameOf(framing, message))).toBe('2a00026869');
    expect(hexOf(message)).toBe('2affff6869');
  });

  it('does not copy the body', () => {
    const message = hex`2a 00 00 68 69`;
    expect(lengthPrefixed().encode(message).body).toBe(message);
    const { body } = lengthPrefixed({ offset: 1, size: 2, strip: 0 }).encode(message);
    expect([body.buffer, body.byteOffset]).toEqual([message.buffer, 3]);
  });

  it('writes its own header, and does not look at theirs', () => {
    const header = hex`ca fe 00 00`;
    const framing = lengthPrefixed({ offset: 2, size: 2, header });
    header.fill(0);
    expect(hexOf(frameOf(framing, hex`68 69`))).toBe('cafe00026869');
    expect(decoded(framing, [hex`ba be 00 02 68 69`]).messages).toEqual(['6869']);
  });

  it.each<[string, LengthPrefixedOptions, Uint8Array]>([
    ['a message without its header', { offset: 1, size: 2, strip: 0 }, hex`2a 00`],
    ['half a header, where the size is that of header and all', { size: 2, adjust: -2, strip: 0 }, hex`00`],
    ['one that the adjustment leaves nothing of', { adjust: 2 }, hex`61`],
    [
      'one that the adjustment leaves nothing of, with its header',
      { size: 2, adjust: 3, strip: 0 },
      hex`00 00 61`,
    ],
  ])('throws a SendError for %s', (_, options, message) => {
    expect(() => lengthPrefixed(options).encode(message)).toThrow(notEncodable);
  });

  it.each([
    [1, 255],
    [2, 65_535],
  ] as const)('carries what a size of %i bytes can say, and no more', (size, largest) => {
    const framing = lengthPrefixed({ size });
    expect(framing.maxMessageBytes).toBe(largest);
    const message = new Uint8Array(largest);
    expect(decoded(framing, [frameOf(framing, message)])).toEqual({ messages: [hexOf(message)], end: '|' });
    expect(() => framing.encode(new Uint8Array(largest + 1))).toThrow(tooLarge);
  });

  it('counts the adjustment into what a size can say', () => {
    expect(lengthPrefixed({ size: 1, adjust: -1 }).maxMessageBytes).toBe(254);
    expect(lengthPrefixed({ size: 1, adjust: 3 }).maxMessageBytes).toBe(258);
    expect(lengthPrefixed({ size: 1, strip: 0 }).maxMessageBytes).toBe(256);
    expect(lengthPrefixed({ size: 4 }).maxMessageBytes).toBe(8 * 1024 * 1024);
    expect(lengthPrefixed({ size: 4, maxMessageBytes: Number.POSITIVE_INFINITY }).maxMessageBytes).toBe(
      2 ** 32 - 1,
    );
    expect(lengthPrefixed({ size: 8, maxMessageBytes: Number.POSITIVE_INFINITY }).maxMessageBytes).toBe(
      2 ** 53 - 1,
    );
  });

  it.each([
    [6, 'ff ff ff ff ff ff'],
    [7, '20 00 00 00 00 00 00'],
    [7, 'ff ff ff ff ff ff ff'],
    [8, '00 20 00 00 00 00 00 00'],
    [8, '00 20 00 00 00 00 00 05'],
    [8, '80 00 00 00 00 00 00 00'],
    [8, 'ff ff ff ff ff ff ff ff'],
  ] as const)('takes a size of %i bytes, %s, for what it is: too large', (size, bytes) => {
    const framing = lengthPrefixed({ size, adjust: -5 });
    expect(decoded(framing, [hex`${bytes}`], false).end).toBe('message-too-large');
    const boundless = lengthPrefixed({ size, adjust: -5, maxMessageBytes: Number.POSITIVE_INFINITY });
    expect(decoded(boundless, [hex`${bytes}`], false).end).toBe(size === 6 ? '' : 'message-too-large');
  });

  it('takes limits that leave a single size', () => {
    expect(lengthPrefixed({ size: 1, adjust: -255 }).maxMessageBytes).toBe(0);
    expect(lengthPrefixed({ adjust: 10, maxMessageBytes: 10 }).maxMessageBytes).toBe(10);
  });

  it('takes a frame of 2^53 - 1 bytes, where nobody limits it', () => {
    const boundless = lengthPrefixed({ size: 8, maxMessageBytes: Number.POSITIVE_INFINITY });
    expect(decoded(boundless, [hex`00 1f ff ff ff ff ff f7`], false).end).toBe('');
    expect(decoded(boundless, [hex`00 1f ff ff ff ff ff ff`], false).end).toBe('');
  });

  it('says so before any of the body has come, and takes no memory for what is only claimed', () => {
    const framing = lengthPrefixed({ maxMessageBytes: 0x7fffffff });
    const before = process.memoryUsage().arrayBuffers;
    expect(decoded(framing, [hex`7f ff ff ff 61`], false)).toEqual({ messages: [], end: '' });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
    expect(decoded(framing, [hex`80 00 00 00`], false).end).toBe('message-too-large');
  });

  it.each([
    ['an adjustment below the header', { adjust: -5 }, '00 00 00 04', 'malformed'],
    [
      'a frame shorter than what is stripped',
      { size: 1, strip: 3, header: hex`00 00 00` },
      '01 61',
      'malformed',
    ],
    ['a frame that is only its header', { adjust: -4 }, '00 00 00 04', '|'],
  ] as const)('takes %s for what it is', (_, options, bytes, end) => {
    expect(decoded(lengthPrefixed(options), [hex`${bytes}`]).end).toBe(end);
  });

  it.each<[string, LengthPrefixedOptions]>([
    ['a size of 0 bytes', { size: 0 as 1 }],
    ['a size of 9 bytes', { size: 9 as 8 }],
    ['an offset below zero', { offset: -1, strip: 0 }],
    ['an offset of more than 65,535', { offset: 65_536, strip: 0 }],
    ['a header that is stripped and not given', { offset: 2 }],
    ['a header that is stripped in part and not given', { offset: 1, strip: 2 }],
    ['bytes behind the length that are stripped and not given', { strip: 6 }],
    ['a header shorter than what is stripped', { offset: 2, size: 2, header: hex`ca fe` }],
    ['a header where nothing is stripped', { strip: 0, header: hex`ca` }],
    ['a limit that no size can say', { size: 2, maxMessageBytes: 65_536 }],
    ['a limit below the header that is kept', { strip: 0, maxMessageBytes: 3 }],
    ['a limit below what the adjustment adds', { adjust: 10, maxMessageBytes: 9 }],
    ['an adjustment that leaves no message', { size: 1, adjust: -256 }],
    ['an adjustment beyond 2^31', { adjust: -(2 ** 31) }],
    ['more than 65,543 bytes to strip', { strip: 65_544, header: new Uint8Array(65_544) }],
  ])('throws a RangeError for %s', (_, options) => {
    expect(() => lengthPrefixed(options)).toThrow(RangeError);
  });

  it('takes a head of 65,535 bytes before the length, and strips it', () => {
    const header = new Uint8Array(65_543);
    const framing = lengthPrefixed({ offset: 65_535, size: 8, header });
    expect(decoded(framing, [frameOf(framing, hex`61`)])).toEqual({ messages: ['61'], end: '|' });
    expect(lengthPrefixed({ adjust: -(2 ** 31) + 1 }).maxMessageBytes).toBe(8 * 1024 * 1024);
  });

  it.each<[string, object]>([
    ['a size that is no number', { size: '4' }],
    ['a size that is not whole', { size: 1.5 }],
    ['an adjustment without end', { adjust: Number.NEGATIVE_INFINITY }],
    ['a byte order that is no boolean', { littleEndian: 'yes' }],
    ['a header that is no Uint8Array', { offset: 1, header: [1, 2, 3, 4, 5] }],
  ])('throws a TypeError for %s', (_, options) => {
    expect(() => lengthPrefixed(options)).toThrow(TypeError);
  });
});
