import { hex } from 'rx-tinyproto/testing';
import { endWith, identity } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { lengthPrefixed } from '../../src/framing/length-prefixed.js';
import { framing } from '../../src/framing/lift.js';
import { lines } from '../../src/framing/lines.js';
import { oneWay } from '../../src/framing/one-way.js';
import { bytesOf, hexOf } from '../helpers/decoded.js';
import { Bench } from '../helpers/machine-bench.js';
import { silent } from '../helpers/silent-port.js';

// What is not in the contract of every framing, since only some can show it.

describe('the machine of framings with two directions of their own', () => {
  it('counts the bytes that it drops: what is unread, and what comes, whole messages or not', () => {
    const { machine } = Bench.open(lengthPrefixed({ size: 1 }));
    machine.receive(hex`01 61 02 62 62 03 63`);
    expect(machine.read()).toEqual(hex`61`);
    expect(machine.dropped).toEqual({ messages: 0, bytes: 0 });
    machine.close();
    expect(machine.dropped).toEqual({ messages: 1, bytes: 5 });
    machine.receive(hex`63 63 01`);
    expect(machine.dropped).toEqual({ messages: 2, bytes: 8 });
    machine.close();
    expect(machine.dropped).toEqual({ messages: 2, bytes: 8 });
  });

  it('writes the parts of a frame that are there, and marks the last of them', () => {
    const bench = Bench.open(lengthPrefixed());
    const [none, a, b, c] = [hex``, hex`0a`, hex`0b`, hex`0c`];
    const frames: [head: Uint8Array, body: Uint8Array, tail: Uint8Array, written: string][] = [
      [a, b, c, '0a 0b 0c. taken'],
      [a, b, none, '0a 0b. taken'],
      [a, none, c, '0a 0c. taken'],
      [none, b, c, '0b 0c. taken'],
      [a, none, none, '0a. taken'],
      [none, b, none, '0b. taken'],
      [none, none, c, '0c. taken'],
      [a, a, a, '0a 0a 0a. taken'],
      [none, none, none, '. taken'],
    ];
    for (const [head, body, tail, written] of frames) {
      bench.machine.begin({ head, body, tail });
      expect(bench.since()).toBe(written);
    }
  });

  it('throws what is no fault of the peer, be it read or dropped', () => {
    const mistake = new TypeError('a mistake of ours');
    const broken = oneWay({
      name: 'broken',
      maxMessageBytes: 1,
      encode: (body) => ({ head: body, body: hex``, tail: hex`` }),
      decoder: () => ({
        unreadBytes: 0,
        push: () => {},
        read: () => {
          throw mistake;
        },
        end: () => {},
        rest: () => hex``,
      }),
    });
    expect(() => Bench.open(broken).machine.read()).toThrow(mistake);
    expect(() => Bench.open(broken).machine.close()).toThrow(mistake);
  });

  it('resets nothing for a fault of the peer: what was written last may still be read', () => {
    const fail = vi.fn();
    const machine = lines({ maxLineBytes: 1 }).open({ ...silent, fail });
    machine.start();
    machine.receive(bytesOf('ab'));
    machine.read();
    expect(fail.mock.calls).toEqual([
      [expect.objectContaining({ code: 'message-too-large' }), { reset: false }],
    ]);
  });

  it('counts nothing that comes behind a fault, and can be released twice', () => {
    const bench = Bench.open(lines({ maxLineBytes: 1 }));
    bench.machine.receive(bytesOf('ab\n'));
    expect(bench.read()).toBeUndefined();
    bench.machine.close();
    bench.machine.receive(bytesOf('a\na\n'));
    expect(bench.machine.dropped).toEqual({ messages: 0, bytes: 0 });
    expect([bench.machine.release(), bench.machine.release()]).toEqual([hex``, hex``]);
  });

  it('judges the end at once where nothing came, and half a message only if it was asked for', () => {
    const ending = Bench.open(framing(endWith(hex`aa`), identity));
    ending.machine.receiveEnd();
    expect(ending.machine.unreadBytes).toBe(1);

    const asked = Bench.open(lines());
    expect(asked.read()).toBeUndefined();
    asked.machine.receive(bytesOf('ab'));
    asked.machine.receiveEnd();
    expect(asked.since()).toBe('');
    expect(asked.machine.release()).toEqual(bytesOf('ab'));

    const read = Bench.open(lines());
    read.machine.receive(bytesOf('a\nab'));
    expect(read.read()).toBe('61');
    read.machine.receiveEnd();
    expect(read.since()).toBe('');
    expect(read.machine.release()).toEqual(bytesOf('ab'));
  });

  it('minds no end in half a message that was asked for before it was closed', () => {
    const bench = Bench.open(lines());
    bench.machine.receive(bytesOf('ab'));
    expect(bench.read()).toBeUndefined();
    bench.machine.close();
    bench.machine.receiveEnd();
    expect(bench.read()).toBeUndefined();
    expect([bench.since(), bench.machine.canBegin(false)]).toEqual(['', true]);
  });

  describe('that read ahead, to learn whether the end of the bytes cuts a message', () => {
    const ahead = () => {
      const bench = Bench.open(lines({ unterminated: 'deliver' }));
      bench.machine.receive(bytesOf('ab'));
      expect(bench.read()).toBeUndefined();
      bench.machine.receiveEnd();
      expect(bench.machine.unreadBytes).toBe(2);
      return bench;
    };

    it('delivers what it has read', () => {
      expect(ahead().drain()).toEqual([hexOf(bytesOf('ab'))]);
    });

    it('gives it back', () => {
      const { machine } = ahead();
      expect(machine.release()).toEqual(bytesOf('ab'));
      expect([machine.unreadBytes, machine.read()]).toEqual([0, undefined]);
    });

    it('drops and counts it', () => {
      const { machine } = ahead();
      machine.close();
      expect(machine.dropped).toEqual({ messages: 1, bytes: 2 });
      expect([machine.unreadBytes, machine.read()]).toEqual([0, undefined]);
    });
  });
});
