import fc from 'fast-check';
import { hex, text } from 'rx-tinyproto/testing';
import { TestScheduler } from 'rxjs/testing';
import { describe, expect, it } from 'vitest';
import { parseDiagram, parseSpan, type Timed } from '../../src/testing/diagram.js';

/** What RxJS itself reads, without the fields that say nothing. */
const rxjs = (diagram: string, values?: object, error?: unknown): Timed[] =>
  new TestScheduler(() => {})
    .run(() => TestScheduler.parseMarbles(diagram, values, error, false, true))
    .map(({ frame, notification }) => ({ frame, notification: plain(notification) }));

const plain = ({ kind, value, error }: { kind: string; value?: unknown; error?: unknown }) =>
  (kind === 'N' ? { kind, value } : kind === 'E' ? { kind, error } : { kind }) as Timed['notification'];

const letters = (diagram: string) =>
  parseDiagram(diagram).map(({ frame, notification }) => [
    frame,
    notification.kind === 'N' ? notification.value : notification.kind,
  ]);

describe('a diagram', () => {
  it('is read as RxJS reads it', () => {
    for (const diagram of [
      '',
      '-',
      'a',
      '-a-b-|',
      '(ab|)',
      '--(a-b)--c',
      'a 10ms b',
      '2s (ab) 1.5m |',
      '--^-a-#',
      ' a - b ',
      '10ms |',
    ]) {
      expect(parseDiagram(diagram), diagram).toEqual(rxjs(diagram));
    }
    expect(parseDiagram('a-#', { a: 1 }, 'e')).toEqual(rxjs('a-#', { a: 1 }, 'e'));
  });

  it('is read as RxJS reads it, whatever it is made of', () => {
    const piece = fc.constantFrom('-', 'a', 'b', '|', '#', '(ab)', '(a|)', ' ', '--', ' 12ms ', ' 3s ');
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const diagram = `-${pieces.join('')}-`;
        expect(parseDiagram(diagram)).toEqual(rxjs(diagram));
      }),
    );
  });

  it('may end with a time', () => {
    expect(letters('a-b 10ms')).toEqual([
      [0, 'a'],
      [2, 'b'],
    ]);
    expect(letters('10ms')).toEqual([]);
  });

  it('has brackets that take one frame', () => {
    expect(letters('-[ab]-c[d|]')).toEqual([
      [1, 'a'],
      [1, 'b'],
      [3, 'c'],
      [4, 'd'],
      [4, 'C'],
    ]);
  });

  it('has bytes and texts in it', () => {
    expect(
      parseDiagram("<00 ff>-'a-b'\"it's\"|").map(({ frame, notification }) => [frame, notification]),
    ).toEqual([
      [0, { kind: 'N', value: hex`00 ff` }],
      [2, { kind: 'N', value: 'a-b' }],
      [3, { kind: 'N', value: "it's" }],
      [4, { kind: 'C' }],
    ]);
  });

  it('leaves what it knows besides to a value of that name', () => {
    expect(parseDiagram('[', { '[': 1 })).toEqual(rxjs('[', { '[': 1 }));
  });

  it('throws for a letter without a value, and for a group that does not end or stands in another', () => {
    expect(() => parseDiagram('a-b', { a: 1 })).toThrow('"b" has no value');
    expect(() => parseDiagram('(ab')).toThrow(TypeError);
    expect(() => parseDiagram('(a[b])')).toThrow(TypeError);
    expect(() => parseDiagram('a-!')).toThrow(TypeError);
  });

  it('says when a subscription begins and ends', () => {
    expect(parseSpan('--^--!')).toEqual({ subscribedFrame: 2, unsubscribedFrame: 5 });
    expect(parseSpan('10ms !')).toEqual({ subscribedFrame: Infinity, unsubscribedFrame: 10 });
    expect(parseSpan('(^!)')).toEqual({ subscribedFrame: 0, unsubscribedFrame: 0 });
    expect(() => parseSpan('^-^')).toThrow(TypeError);
  });
});

describe('hex and text', () => {
  it('are bytes', () => {
    expect(hex`00 02 | 68${69}`).toEqual(new Uint8Array([0, 2, 0x68, 0x69]));
    expect(text`hé\n${1}`).toEqual(new TextEncoder().encode('hé\n1'));
    expect(() => hex`0`).toThrow(TypeError);
    expect(() => hex`xy`).toThrow(TypeError);
  });
});
