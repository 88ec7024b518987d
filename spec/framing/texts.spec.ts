import { hex } from 'rx-tinyproto/testing';
import {
  concatMap,
  delay,
  EMPTY,
  endWith,
  identity,
  map,
  mergeWith,
  NEVER,
  of,
  pipe,
  startWith,
  take,
  takeUntil,
  throwError,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { ProtocolError } from '../../src/errors.js';
import { decode } from '../../src/framing/decode.js';
import { delimited } from '../../src/framing/delimited.js';
import { encode } from '../../src/framing/encode.js';
import { fixedLength } from '../../src/framing/fixed-length.js';
import type { Framing } from '../../src/framing/framing.js';
import { jsonTexts } from '../../src/framing/json-texts.js';
import { lengthPrefixed } from '../../src/framing/length-prefixed.js';
import { framing } from '../../src/framing/lift.js';
import { lines } from '../../src/framing/lines.js';
import { Reading } from '../../src/framing/reading.js';
import { tinyproto } from '../../src/framing/tinyproto.js';
import { type FaultCode, fault } from '../../src/framing/tinyproto-faults.js';
import { varintPrefixed } from '../../src/framing/varint-prefixed.js';
import { wholeChunks } from '../../src/framing/whole-chunks.js';
import { bytesOf } from '../helpers/decoded.js';

// Codes are for programs, texts for people: these are all that the framings have to say.

const semicolon = delimited(bytesOf(';'));
const same = identity;

describe('what framings are called', () => {
  it.each<[string, Framing]>([
    ['tinyproto', tinyproto()],
    ['length-prefixed', lengthPrefixed()],
    ['varint-prefixed', varintPrefixed()],
    ['delimited', semicolon],
    ['lines', lines()],
    ['fixed-length', fixedLength(1)],
    ['whole-chunks', wholeChunks()],
    ['json-texts', jsonTexts()],
    ['framing', framing(same, same)],
  ])('%s', (name, one) => {
    expect(one.name).toBe(name);
  });
});

describe('what is wrong with the bytes of a peer', () => {
  it.each<[string, Framing, Uint8Array]>([
    ['a message is above the limit of 3 bytes', lines({ maxLineBytes: 3 }), bytesOf('abcd')],
    ['a message is above the limit of 3 bytes', wholeChunks({ maxMessageBytes: 3 }), bytesOf('abcd')],
    ['a message is above the limit of 3 bytes', jsonTexts({ maxMessageBytes: 3 }), bytesOf('[[1]')],
    ['a message is above the limit of 3 bytes', varintPrefixed({ maxMessageBytes: 3 }), hex`04`],
    ['a message is above the limit of 3 bytes', lengthPrefixed({ maxMessageBytes: 3 }), hex`00 00 00 04`],
    [
      'a message is above the limit of 3 bytes',
      lengthPrefixed({ size: 7, maxMessageBytes: 3 }),
      hex`20 00 00 00 00 00 00`,
    ],
    ['a message is above the limit of 1 bytes', framing(same, same, { maxMessageBytes: 1 }), hex`01 02`],
    [
      'a message is above the limit of 7 bytes',
      framing(
        concatMap(() => EMPTY),
        same,
        { maxMessageBytes: 7, maxSilentBytes: 1 },
      ),
      hex`01 02`,
    ],
    ['the bytes ended inside a message', lines(), bytesOf('ab')],
    ['the bytes ended inside a message', fixedLength(2), hex`01`],
    ['a length of 4 is less than its own header', lengthPrefixed({ adjust: -5 }), hex`00 00 00 04`],
    ['a size is longer than it needs to be, or than 9 bytes', varintPrefixed(), hex`80 00`],
    ['a text is an object or an array', jsonTexts(), bytesOf('1')],
    ['a bracket closes what is not open', jsonTexts(), bytesOf('[}')],
    ['a text nests deeper than 1', jsonTexts({ maxDepth: 1 }), bytesOf('[[')],
    ['the decoding operator failed', framing(() => throwError(() => 0), same), hex`01`],
    [
      'the decoding operator emits what is no Uint8Array',
      framing(
        map(() => 1 as never),
        same,
      ),
      hex`01`,
    ],
    ['the decoding operator completed before its source', framing(take(1), same), hex`01`],
    ['the decoding operator has not completed with its source', framing(mergeWith(NEVER), same), hex`01`],
  ])('%s', (text, one, bytes) => {
    const { name, code, message } = failureOf(one, bytes);
    expect([name, message]).toEqual(['ProtocolError', `${text} (${code})`]);
  });

  it('the decoding operator emits, or completes, later than it may', async () => {
    const later = of(0).pipe(delay(0));
    expect(await lateFailureOf(pipe(startWith(hex`aa`), delay(0)))).toBe(
      'the decoding operator emits later than in the call that gave it the bytes (malformed)',
    );
    expect(await lateFailureOf(takeUntil(later))).toBe(
      'the decoding operator completes later than its source (malformed)',
    );
    expect(await lateFailureOf(pipe(takeUntil(later), endWith(hex`aa`)))).toBe(
      'the decoding operator emits later than in the call that gave it the bytes (malformed)',
    );
  });
});

describe('what is wrong with a message of ours', () => {
  const nothing = framing(
    same,
    concatMap(() => EMPTY),
  );
  it.each<[string, string, Framing, Uint8Array]>([
    [
      'a message of 4 bytes is above the limit of 3',
      'message-too-large',
      lines({ maxLineBytes: 3 }),
      bytesOf('abcd'),
    ],
    [
      'a message of 4 bytes is above maxMessageBytes, 3',
      'message-too-large',
      tinyproto({ maxMessageBytes: 3 }),
      bytesOf('abcd'),
    ],
    ['a message has 2 bytes here, not 1', 'not-encodable', fixedLength(2), hex`01`],
    ['an empty message is no chunk', 'not-encodable', wholeChunks(), hex``],
    [
      'a delimiter would be found in the message, or in its end and the delimiter behind it',
      'not-encodable',
      semicolon,
      bytesOf('a;b'),
    ],
    [
      'no length says the size of a message of 1 bytes',
      'not-encodable',
      lengthPrefixed({ adjust: 2 }),
      hex`61`,
    ],
    [
      'a message of 2 bytes is too short to hold its own header',
      'not-encodable',
      lengthPrefixed({ offset: 1, size: 2, strip: 0 }),
      hex`2a 00`,
    ],
    ['a message is exactly one JSON object or array', 'not-encodable', jsonTexts(), bytesOf('[]{}')],
    ['a message is exactly one JSON object or array', 'not-encodable', jsonTexts(), bytesOf('')],
    ['a text is an object or an array', 'not-encodable', jsonTexts(), bytesOf('1')],
    ['the encoding operator failed', 'not-encodable', framing(same, () => throwError(() => 0)), hex`01`],
    [
      'the encoding operator has not completed inside the call',
      'not-encodable',
      framing(same, mergeWith(NEVER)),
      hex`01`,
    ],
    [
      'the encoding operator emitted something else than a Uint8Array',
      'not-encodable',
      framing(
        same,
        pipe(
          map(() => 1 as never),
          endWith(hex`01`),
        ),
      ),
      hex`01`,
    ],
    ['the encoding operator emitted no bytes', 'not-encodable', nothing, hex`01`],
  ])('%s', (text, code, one, bytes) => {
    const message = `${text} (${code})`;
    expect(() => one.encode(bytes)).toThrow(
      expect.objectContaining({ name: 'SendError', fate: 'not-sent', code, message }),
    );
  });

  it('the head of a body that comes in parts is as the head of one that is whole', () => {
    const message = 'a message of 4 bytes is above the limit of 3';
    expect(() => lengthPrefixed({ maxMessageBytes: 3 }).streams?.encode(4)).toThrow(message);
  });
});

describe('what is wrong with a call', () => {
  it.each<[Error, () => unknown]>([
    [
      new TypeError('tinyproto works in both directions at once: it needs a connection, not an operator'),
      () => decode(tinyproto()),
    ],
    [new TypeError('a delimiter is a Uint8Array'), () => delimited([bytesOf(';'), ';' as never])],
    [
      new TypeError("overlong is 'error' or 'discard', not skip"),
      () => delimited(hex`00`, { overlong: 'skip' as never }),
    ],
    [
      new TypeError("unterminated is 'error' or 'deliver', not true"),
      () => lines({ unterminated: true as never }),
    ],
    [new TypeError("ending is '\n' or '\r\n', not \r"), () => lines({ ending: '\r' as never })],
    [new TypeError('maxLineBytes is a whole number, not 1.5'), () => lines({ maxLineBytes: 1.5 })],
    [new RangeError('maxLineBytes is from 0 to 9007199254740991, not -1'), () => lines({ maxLineBytes: -1 })],
    [
      new RangeError('maxMessageBytes is from 0 to 9007199254740991, not -1'),
      () => delimited(hex`00`, { maxMessageBytes: -1 }),
    ],
    [
      new RangeError('maxMessageBytes is from 0 to 9007199254740991, not -1'),
      () => varintPrefixed({ maxMessageBytes: -1 }),
    ],
    [
      new RangeError('maxMessageBytes is from 1 to 9007199254740991, not 0'),
      () => wholeChunks({ maxMessageBytes: 0 }),
    ],
    [
      new RangeError('maxMessageBytes is from 2 to 9007199254740991, not 1'),
      () => jsonTexts({ maxMessageBytes: 1 }),
    ],
    [
      new TypeError('maxMessageBytes is a whole number, not 1.5'),
      () => lengthPrefixed({ maxMessageBytes: 1.5 }),
    ],
    [new RangeError('maxDepth is from 1 to 9007199254740991, not 0'), () => jsonTexts({ maxDepth: 0 })],
    [new RangeError('bytes is from 1 to 9007199254740991, not 0'), () => fixedLength(0)],
    [
      new TypeError('framing takes two operators: one that decodes, and one that encodes'),
      () => framing(same, {} as never),
    ],
    [
      new TypeError('framing takes two operators: one that decodes, and one that encodes'),
      () => framing({} as never, same),
    ],
    [
      new RangeError('maxMessageBytes is from 0 to 9007199254740991, not -1'),
      () => framing(same, same, { maxMessageBytes: -1 }),
    ],
    [
      new RangeError('maxSilentBytes is from 0 to 9007199254740991, not -1'),
      () => framing(same, same, { maxSilentBytes: -1 }),
    ],
    [new RangeError('size is from 1 to 8, not 9'), () => lengthPrefixed({ size: 9 as never })],
    [new RangeError('size is from 1 to 8, not 0'), () => lengthPrefixed({ size: 0 as never })],
    [new RangeError('offset is from 0 to 65535, not 65536'), () => lengthPrefixed({ offset: 65_536 })],
    [new RangeError('offset is from 0 to 65535, not -1'), () => lengthPrefixed({ offset: -1 })],
    [
      new RangeError('adjust is from -2147483647 to 2147483647, not 2147483648'),
      () => lengthPrefixed({ adjust: 2 ** 31 }),
    ],
    [
      new RangeError('adjust is from -2147483647 to 2147483647, not -2147483648'),
      () => lengthPrefixed({ adjust: -(2 ** 31) }),
    ],
    [new RangeError('strip is from 0 to 65543, not 65544'), () => lengthPrefixed({ strip: 65_544 })],
    [new RangeError('strip is from 0 to 65543, not -1'), () => lengthPrefixed({ strip: -1 })],
    [
      new TypeError('littleEndian is true or false, not yes'),
      () => lengthPrefixed({ littleEndian: 'yes' as never }),
    ],
    [new TypeError('header is a Uint8Array'), () => lengthPrefixed({ header: [0, 0, 0, 0] as never })],
    [new RangeError('header is as long as strip, 4, not 3'), () => lengthPrefixed({ header: hex`00 00 00` })],
    [
      new RangeError(
        'strip takes 6 bytes away, and not only of the length: give the header that our frames begin with, or strip less',
      ),
      () => lengthPrefixed({ strip: 6 }),
    ],
    [
      new RangeError('no length of 1 bytes says the size of any message'),
      () => lengthPrefixed({ size: 1, adjust: -256 }),
    ],
    [
      new RangeError('maxMessageBytes is from 10 to 265 here, not 9'),
      () => lengthPrefixed({ size: 1, adjust: 10, maxMessageBytes: 9 }),
    ],
    [
      new RangeError('maxMessageBytes is from 10 to 265 here, not 266'),
      () => lengthPrefixed({ size: 1, adjust: 10, maxMessageBytes: 266 }),
    ],
    [
      new TypeError('a framing made of operators cannot give back bytes that they have taken'),
      () => releasedLate(),
    ],
  ])('%s', (error, call) => {
    expect(call).toThrow(error);
  });

  it('a chunk, or a message, that is none', () => {
    const errors: unknown[] = [];
    const error = (one: unknown) => errors.push(one);
    of('a' as unknown as Uint8Array)
      .pipe(decode(lines()))
      .subscribe({ error });
    of('a' as unknown as Uint8Array)
      .pipe(encode(lines()))
      .subscribe({ error });
    expect(errors).toEqual([
      new TypeError('a chunk is a Uint8Array'),
      new TypeError('a message is a Uint8Array'),
    ]);
  });
});

describe("what a tinyproto peer's faults are", () => {
  const texts: Record<FaultCode, string> = {
    'bad-opening': 'the peer does not speak tinyproto',
    'opening-refused': 'the peer refused the connection',
    'connection-limit': 'the peer has as many connections as it allows',
    conflict: 'the peer refused the connection as a conflict',
    'cut-short': 'the bytes stopped inside a message, or before the opening byte',
    collision: 'a header of the peer crossed with one of ours in half duplex',
    'unexpected-signal': 'a signal stood where none may stand',
    'unexpected-answer': 'an answer came that nothing had asked for',
    'too-many-unanswered': 'more than 64 frames of the peer are unanswered',
    'message-too-large': 'the peer began a message that is too large and cannot be skipped',
    'inbox-overflow': 'the peer sent more than the inbox must take',
    'opening-timeout': 'the opening byte did not come in time',
    'header-timeout': 'the rest of a header did not come in time',
    'payload-timeout': 'a payload came too slowly',
    'ok-timeout': 'a header of ours was not answered in time',
    'mutual-hold': 'both sides withheld their answers and nothing moved',
  };

  it.each(Object.entries(texts) as [FaultCode, string][])('%s: %s', (code, message) => {
    expect(fault(code)).toMatchObject({
      name: 'ProtocolError',
      code,
      message: `${message} (${code})`,
    });
  });
});

/** What a machine says of some bytes and their end. */
function failureOf(one: Framing, bytes: Uint8Array): ProtocolError {
  const reading = new Reading(one);
  reading.push(bytes);
  reading.end();
  while (reading.read());
  return reading.fault?.error as ProtocolError;
}

/** What a machine says when it has called. */
function lateFailureOf(operator: Parameters<typeof framing>[0]): Promise<string> {
  return new Promise((resolve) => {
    const turn = () => {
      reading.read();
      const error = reading.fault?.error as ProtocolError | undefined;
      if (error) resolve(error.message);
    };
    const reading = new Reading(framing(operator, same), { turn });
    reading.push(hex`01`);
    reading.read();
  });
}

function releasedLate(): void {
  const { machine } = new Reading(framing(same, same));
  machine.push(hex`01`);
  machine.read();
  machine.rest();
}
