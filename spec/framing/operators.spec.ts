import { createReadStream } from 'node:fs';
import { hex } from 'rx-tinyproto/testing';
import { from, lastValueFrom, map, of, pipe, range, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { ProtocolError, SendError } from '../../src/errors.js';
import { decode } from '../../src/framing/decode.js';
import { encode } from '../../src/framing/encode.js';
import type { Framing } from '../../src/framing/framing.js';
import { lengthPrefixed } from '../../src/framing/length-prefixed.js';
import { lines } from '../../src/framing/lines.js';
import { tinyproto } from '../../src/framing/tinyproto.js';
import { wholeChunks } from '../../src/framing/whole-chunks.js';
import { bytesOf, decoded } from '../helpers/decoded.js';

const toText = map((bytes: Uint8Array) => Buffer.from(bytes).toString());

/** Between STX and ETX. */
const quoted: Framing = { ...lines(), encode: (body) => ({ head: hex`02`, body, tail: hex`03` }) };

describe('decode', () => {
  it('refuses tinyproto at once: it answers what it reads', () => {
    expect(() => decode(tinyproto())).toThrow(TypeError);
    expect(() => decode(tinyproto())).toThrow(/tinyproto works in both directions/);
  });

  it('refuses a framing that wants to write', () => {
    const chatty: Framing = {
      ...lines(),
      open(port) {
        port.out.write?.(hex`ff`, false);
        return lines().open(port);
      },
    };
    const errors: unknown[] = [];
    of(hex`61`)
      .pipe(decode(chatty))
      .subscribe({ error: (error) => errors.push(error) });
    expect(errors).toEqual([new TypeError('lines wants to write: it needs a connection')]);
  });

  it('fails with a ProtocolError, behind the messages that were complete', () => {
    expect(decoded(lines({ maxLineBytes: 3 }), [bytesOf('ab\nabcd\n')])).toEqual({
      messages: ['6162'],
      end: 'message-too-large',
    });
    from([bytesOf('ab')])
      .pipe(decode(lines()))
      .subscribe({ error: (error) => expect(error).toBeInstanceOf(ProtocolError) });
    expect.assertions(2);
  });

  it('takes a file of Node, and a body of fetch', async () => {
    const last = pipe(decode(lines({ unterminated: 'deliver' })), toText, toArray());
    const [first] = await lastValueFrom(from(createReadStream('package.json')).pipe(last));
    expect(first).toBe('{');
    const { body } = new Response('a\nb\nc');
    expect(await lastValueFrom(from(body as AsyncIterable<Uint8Array>).pipe(last))).toEqual(['a', 'b', 'c']);
  });

  it('delivers a hundred thousand messages of one chunk without a deep stack', async () => {
    const chunk = new Uint8Array(100_000);
    const count = await lastValueFrom(of(chunk).pipe(decode(lengthPrefixed({ size: 1 })), toArray()));
    expect(count.length).toBe(100_000);
  });
});

describe('encode', () => {
  it('refuses tinyproto at once: each of its messages waits for an answer', () => {
    expect(() => encode(tinyproto())).toThrow(TypeError);
  });

  it('fails with a SendError for a message that the framing cannot carry', () => {
    of(bytesOf('ok'), bytesOf('a\nb'))
      .pipe(encode(lines()), toText)
      .subscribe({
        next: (frame) => expect(frame).toBe('ok\n'),
        error: (error) => expect(error).toBeInstanceOf(SendError),
      });
    expect.assertions(2);
  });

  it('does not copy where a frame is nothing but the message', () => {
    const message = hex`01 02`;
    of(message)
      .pipe(encode(wholeChunks()))
      .subscribe((frame) => expect(frame).toBe(message));
    expect.assertions(1);
  });

  it.each([
    ['a head by itself', lengthPrefixed(), '', '00000000'],
    ['a tail by itself', lines(), '', '0a'],
    ['head and body', lengthPrefixed(), 'abc', '00000003616263'],
    ['head, body and tail', quoted, 'abc', '0261626303'],
  ])('gives %s to its owner: to change, and to give away', async (_, codec, message, hex) => {
    const frame = () => lastValueFrom(of(bytesOf(message)).pipe(encode(codec)));
    const [mine, yours, theirs] = [await frame(), await frame(), await frame()];
    mine.fill(9);
    structuredClone(yours, { transfer: [yours.buffer as ArrayBuffer] });
    expect(Buffer.from(theirs).toString('hex')).toBe(hex);
    expect(Buffer.from(await frame()).toString('hex')).toBe(hex);
  });

  it('is undone by decode', async () => {
    const numbers = range(0, 1_000).pipe(map((number) => bytesOf(String(number))));
    const back = numbers.pipe(
      encode(lengthPrefixed({ size: 2 })),
      decode(lengthPrefixed({ size: 2 })),
      toText,
      toArray(),
    );
    expect(await lastValueFrom(back)).toEqual(Array.from({ length: 1_000 }, (_, number) => String(number)));
  });
});
