import { describe, expect, it } from 'vitest';
import type { Frame, Framing } from '../../src/framing/framing.js';
import { lengthPrefixed } from '../../src/framing/length-prefixed.js';
import { varintPrefixed } from '../../src/framing/varint-prefixed.js';
import { streamOf } from '../helpers/decoded.js';
import { hex } from '../helpers/handshake-talk.js';
import { openInParts, type PartsBench } from '../helpers/parts-bench.js';

const SIZE = 70_000;

describe.each<[string, Framing]>([
  ['lengthPrefixed', lengthPrefixed()],
  ['varintPrefixed', varintPrefixed()],
])('a machine of %s with bodies in parts', (_, framing) => {
  const large = streamOf(framing, [new Uint8Array(SIZE)]);
  const small = streamOf(framing, [hex('61')]);
  const headBytes = large.length - SIZE;

  function open(): PartsBench {
    const bench = openInParts(framing);
    expect(bench.since()).toBe('opened');
    return bench;
  }

  /** A machine that has read some bytes of a body, and all there is. */
  function inside(bytes = 10): PartsBench {
    const bench = open();
    bench.machine.receive(large.slice(0, headBytes + bytes));
    expect([bench.machine.read(), bench.machine.readHead()]).toEqual([undefined, SIZE]);
    expect(bench.machine.readPart()).toHaveLength(bytes);
    return bench;
  }

  const readAll = ({ machine }: PartsBench) => [machine.read(), machine.readHead(), machine.readPart()];
  const nothing = [undefined, undefined, undefined];

  it('gives a head once, and the parts as they come', () => {
    const bench = inside();
    expect(readAll(bench)).toEqual(nothing);
    bench.machine.receive(large.slice(headBytes + 10));
    expect([bench.machine.read(), bench.machine.readHead()]).toEqual([undefined, undefined]);
    expect(bench.machine.readPart()).toHaveLength(SIZE - 10);
    expect(readAll(bench)).toEqual(nothing);
    expect(bench.since()).toBe('');
  });

  it('ends where their FIN stands between messages', () => {
    const bench = inside(SIZE);
    bench.machine.receiveEnd();
    expect(readAll(bench)).toEqual(nothing);
    expect([bench.since(), bench.machine.canBegin(false)]).toEqual(['', true]);
  });

  it('tells of a cut at once where all that is here of a body was read', () => {
    const bench = inside();
    bench.machine.receiveEnd();
    expect(bench.since()).toBe('cut-short');
    expect(readAll(bench)).toEqual(nothing);
    expect(bench.since()).toBe('');
  });

  it('tells of a cut behind what is here of a body, once', () => {
    const bench = inside();
    bench.machine.receive(hex('616161'));
    bench.machine.receiveEnd();
    expect(bench.since()).toBe('');
    expect(bench.machine.readPart()).toEqual(hex('616161'));
    expect(bench.since()).toBe('');
    expect(bench.machine.readPart()).toBeUndefined();
    expect(bench.since()).toBe('cut-short');
    expect([bench.machine.readPart(), bench.since()]).toEqual([undefined, '']);
  });

  it('reads no more once it is closed, and drops what comes, to the byte', () => {
    const bench = inside();
    bench.machine.receive(hex('616161'));
    bench.machine.close();
    expect(readAll(bench)).toEqual(nothing);
    expect(bench.machine.dropped).toEqual({ messages: 0, bytes: 3 });
    bench.machine.receive(large.slice(headBytes + 13));
    bench.machine.receive(small.slice());
    expect(bench.machine.dropped).toEqual({ messages: 1, bytes: SIZE - 10 + small.length });
    bench.machine.receive(large.slice(0, headBytes + 1));
    expect(bench.machine.dropped.messages).toBe(2);
    bench.machine.receiveEnd();
    expect([bench.since(), readAll(bench)]).toEqual(['', nothing]);
  });

  it('gives back what is here of a body, and reads no more', () => {
    const bench = inside();
    bench.machine.receive(hex('616161'));
    expect(bench.machine.release()).toEqual(hex('616161'));
    bench.machine.receiveEnd();
    expect([bench.since(), readAll(bench)]).toEqual(['', nothing]);
  });

  it('reads neither head nor part behind what is malformed', () => {
    const bench = openInParts(lengthPrefixed({ size: 1, adjust: -2 }));
    bench.since();
    bench.machine.receive(hex('00 00'));
    expect(readAll(bench)).toEqual(nothing);
    expect(bench.since()).toBe('malformed');
  });

  it('takes a body of ours at once, and begins and ends nothing while it goes out', () => {
    const { machine, since } = open();
    const frame = framing.streams?.encode(SIZE) as Frame;
    expect(machine.midFrame).toBe(false);
    machine.begin(frame);
    expect(since()).toBe(`${Buffer.from(frame.head).toString('hex')} body taken`);
    expect([machine.midFrame, machine.canBegin(false), machine.tryEnd()]).toEqual([true, false, false]);
    machine.bodyWritten();
    expect([machine.midFrame, machine.canBegin(false)]).toEqual([false, true]);
    machine.begin(framing.encode(hex('61')));
    expect(since()).toBe(`${Buffer.from(small.slice(0, -1)).toString('hex')} 61. taken`);
    expect([machine.tryEnd(), machine.canBegin(false)]).toEqual([true, false]);
  });
});
