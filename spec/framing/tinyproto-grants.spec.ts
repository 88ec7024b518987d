import { describe, expect, it } from 'vitest';
import { type TinyprotoOptions, tinyproto } from '../../src/framing/tinyproto.js';
import { newConversation } from '../../src/framing/tinyproto-conversation.js';
import { TinyprotoMachine } from '../../src/framing/tinyproto-machine.js';
import { rulesOf } from '../../src/framing/tinyproto-options.js';
import type { TinyprotoPort } from '../../src/framing/tinyproto-port.js';
import { hex } from '../helpers/handshake-talk.js';

/** A machine that has room for so many bytes in all, and what it writes, asks and forces. */
function open(room: number, options: TinyprotoOptions = {}) {
  const log: string[] = [];
  let left = room;
  const port: TinyprotoPort = {
    write: (bytes) => log.push(Buffer.from(bytes).toString('hex')),
    opened: () => {},
    outcome: () => {},
    fail: ({ code }) => log.push(code),
    await: () => {},
    settle: () => {},
    grant: (bytes, force) => {
      const has = force || bytes <= left;
      log.push(`${bytes}${force ? '!' : has ? '' : '?'}`);
      if (has) left -= bytes;
      return has;
    },
  };
  const machine = new TinyprotoMachine(rulesOf(options), port, newConversation());
  machine.start();
  machine.receive(hex('ff'));
  log.length = 0;
  const since = () => log.splice(0).join(' ');
  return { machine, since, make: (bytes: number) => (left += bytes) };
}

describe('a tinyproto machine that has to ask for room', () => {
  it('withholds its OK until there is some', () => {
    const { machine, since, make } = open(2);
    machine.receive(hex('00000003'));
    expect(since()).toBe('3?');
    machine.retry();
    expect(since()).toBe('3?');
    make(1);
    machine.retry();
    expect(since()).toBe('3 ff');
    machine.receive(hex('616161'));
    expect(machine.read()).toEqual(hex('616161'));
  });

  it('asks for each message once, in order, and grants none behind one that waits', () => {
    const { machine, since, make } = open(1, { inboxSlots: 3 });
    machine.receive(hex('00000001 61 00000002 6262 00000000'));
    expect(since()).toBe('1 ff 2? 2?');
    make(2);
    machine.retry();
    expect(since()).toBe('2 ff 0 ff');
  });

  it('begins no stream while an OK waits for room, but an answer', () => {
    const { machine, make } = open(0, { inboxSlots: 2 });
    machine.receive(hex('00000001'));
    expect([machine.canBegin(true), machine.canBegin(false)]).toEqual([false, true]);
    make(1);
    machine.retry();
    expect(machine.canBegin(true)).toBe(true);
  });

  it('ends when all is read and consumed behind their FIN, though room for an OK came later', () => {
    const { machine, make, since } = open(1, { window: 2 });
    machine.begin(tinyproto().encode(hex('aa')));
    machine.receive(hex('00000001 61 00000001 62'));
    machine.receiveEnd();
    expect(since()).toBe('00000001 aa 1 ff 1?');
    machine.read();
    machine.consumed();
    expect(machine.tryEnd()).toBe(false);
    machine.read();
    machine.consumed();
    make(1);
    machine.retry();
    expect(since()).toBe('1? 1? 1 ff');
    expect(machine.tryEnd()).toBe(true);
  });

  it('gives the OK that is left when it ends behind their FIN, room or not', () => {
    const { machine, since } = open(0);
    machine.receive(hex('00000001 61'));
    machine.receiveEnd();
    expect([machine.tryEnd(), machine.read()]).toEqual([false, hex('61')]);
    machine.consumed();
    expect(since()).toBe('1? 1?');
    expect([machine.tryEnd(), since()]).toEqual([true, 'ff']);
  });

  it('asks for no refusal, and for nothing that is dropped', () => {
    const { machine, since } = open(0, { maxMessageBytes: 70_000 });
    machine.receive(hex('00011171'));
    expect(since()).toBe('fd');
    machine.begin(tinyproto().encode(hex('62')));
    machine.close();
    machine.receive(hex('00000003'));
    expect(since()).toBe('00000001 62 ff');
  });

  it('tells in half duplex, where it does not ask', () => {
    const { machine, since } = open(0, { duplex: 'half' });
    machine.receive(hex('00000003'));
    expect(since()).toBe('3! ff');
  });
});
