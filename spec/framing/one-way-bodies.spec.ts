import { describe, expect, it } from 'vitest';
import type { ProtocolError } from '../../src/errors.js';
import type { Framing } from '../../src/framing/framing.js';
import { lengthPrefixed } from '../../src/framing/length-prefixed.js';
import { varintPrefixed } from '../../src/framing/varint-prefixed.js';
import type { Frame } from '../../src/outbox/frame.js';
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
    expect(bench.since()).toBe('ready');
    return bench;
  }

  /** A machine that has read some bytes of a body, and all there is. */
  function inside(bytes = 10): PartsBench {
    const bench = open();
    bench.machine.push(large.slice(0, headBytes + bytes));
    expect([bench.machine.read(), bench.machine.readHead()]).toEqual([undefined, SIZE]);
    expect(bench.machine.readPart()).toHaveLength(bytes);
    return bench;
  }

  const readAll = ({ machine }: PartsBench) => [machine.read(), machine.readHead(), machine.readPart()];
  const nothing = [undefined, undefined, undefined];

  it('gives a head once, and the parts as they come', () => {
    const bench = inside();
    expect(readAll(bench)).toEqual(nothing);
    bench.machine.push(large.slice(headBytes + 10));
    expect([bench.machine.read(), bench.machine.readHead()]).toEqual([undefined, undefined]);
    expect(bench.machine.readPart()).toHaveLength(SIZE - 10);
    expect(readAll(bench)).toEqual(nothing);
    expect(bench.since()).toBe('');
  });

  it('ends where their FIN stands between messages', () => {
    const bench = inside(SIZE);
    bench.machine.talk.receiveEnd();
    expect(readAll(bench)).toEqual(nothing);
    expect([bench.since(), bench.machine.talk.tryEnd()]).toEqual(['', true]);
  });

  it('tells of a cut at once where all that is here of a body was read', () => {
    const bench = inside();
    bench.machine.talk.receiveEnd();
    expect(bench.since()).toBe('cut-short');
  });

  it('tells of a cut behind what is here of a body', () => {
    const bench = inside();
    bench.machine.push(hex('616161'));
    bench.machine.talk.receiveEnd();
    expect(bench.since()).toBe('');
    expect(bench.machine.readPart()).toEqual(hex('616161'));
    expect(bench.since()).toBe('');
    expect(codeThrownBy(() => bench.machine.readPart())).toBe('cut-short');
  });

  it('reads no more once it is closed, and drops what comes, to the byte', () => {
    const bench = inside();
    bench.machine.push(hex('616161'));
    bench.machine.talk.close();
    expect(readAll(bench)).toEqual(nothing);
    expect(bench.machine.talk.dropped).toEqual({ messages: 0, bytes: 3 });
    bench.machine.push(large.slice(headBytes + 13));
    bench.machine.push(small.slice());
    expect(bench.machine.talk.dropped).toEqual({ messages: 1, bytes: SIZE - 10 + small.length });
    bench.machine.push(large.slice(0, headBytes + 1));
    expect(bench.machine.talk.dropped.messages).toBe(2);
    bench.machine.talk.receiveEnd();
    bench.machine.end();
    expect([bench.since(), readAll(bench)]).toEqual(['', nothing]);
  });

  it('writes a frame of nothing but its head, and one with a tail', () => {
    const { machine, since } = open();
    const none = new Uint8Array();
    machine.talk.begin({ head: hex('00'), body: none, tail: none });
    expect(since()).toBe('00. taken');
    machine.talk.begin({ head: none, body: hex('61'), tail: hex('0a') });
    expect(since()).toBe('61 0a. taken');
    expect(machine.talk.follow?.({ head: none, body: hex('61'), tail: hex('0a') })).toBe(true);
  });

  it('tells nothing apart any more behind what is wrong with what it drops', () => {
    const bench = openInParts(lengthPrefixed({ size: 1, adjust: -2 }));
    bench.machine.talk.close();
    bench.machine.push(hex('02'));
    bench.machine.push(hex('00'));
    bench.machine.push(hex('02 02'));
    expect(bench.machine.talk.dropped).toEqual({ messages: 1, bytes: 4 });
  });

  it('gives back what is unread', () => {
    const bench = open();
    bench.machine.push(small.slice());
    expect(bench.machine.rest()).toEqual([small]);
  });

  it('says what is malformed', () => {
    const bench = openInParts(lengthPrefixed({ size: 1, adjust: -2 }));
    bench.machine.push(hex('00 00'));
    expect(codeThrownBy(() => bench.machine.read())).toBe('malformed');
  });

  it('is told of nothing malformed once it is closed', () => {
    const bench = openInParts(lengthPrefixed({ size: 1, adjust: -2 }));
    bench.machine.talk.close();
    bench.machine.push(hex('00 00 01 61'));
    expect([bench.since(), bench.machine.unreadBytes]).toEqual(['ready', 0]);
    expect(bench.machine.talk.dropped).toEqual({ messages: 0, bytes: 4 });
  });

  it('takes a body of ours at once, and begins and ends nothing while it goes out', () => {
    const { machine, since } = open();
    const { talk } = machine;
    const frame = framing.streams?.encode(SIZE) as Frame;
    expect(talk.midFrame).toBe(false);
    talk.begin(frame);
    expect(since()).toBe(`${Buffer.from(frame.head).toString('hex')} body taken`);
    expect([talk.midFrame, talk.canBegin(false), talk.tryEnd()]).toEqual([true, false, false]);
    machine.bodyWritten();
    expect([talk.midFrame, talk.canBegin(false)]).toEqual([false, true]);
    talk.begin(framing.encode(hex('61')));
    expect(since()).toBe(`${Buffer.from(small.slice(0, -1)).toString('hex')} 61. taken`);
    expect(talk.tryEnd()).toBe(true);
  });
});

function codeThrownBy(call: () => unknown): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    return (error as ProtocolError).code;
  }
}
