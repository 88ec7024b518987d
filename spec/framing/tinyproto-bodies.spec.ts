import { describe, expect, it } from 'vitest';
import type { StreamingMachine, Wait } from '../../src/framing/framing.js';
import { type TinyprotoOptions, tinyproto } from '../../src/framing/tinyproto.js';
import { newConversation } from '../../src/framing/tinyproto-conversation.js';
import { Handshake } from '../../src/framing/tinyproto-handshake.js';
import { rulesOf } from '../../src/framing/tinyproto-options.js';
import { hex } from '../helpers/handshake-talk.js';

/** 70,000 bytes follow. */
const large = '00011170';

/** A machine of bodies in parts, opened, and what it does. */
function open(options: TinyprotoOptions = {}) {
  const { streams } = tinyproto(options);
  const log: string[] = [];
  const waits = new Map<Wait, number>();
  const machine: StreamingMachine = (streams as NonNullable<typeof streams>).open({
    write: (bytes, last) => log.push(Buffer.from(bytes).toString('hex') + (last ? '.' : '')),
    opened: () => log.push('opened'),
    outcome: (of) => log.push(of),
    fail: (error, { reset }) => log.push(`${error.code}${reset ? ' by reset' : ''}`),
    await: (wait, ms) => waits.set(wait, ms),
    settle: (wait) => waits.delete(wait),
    writeBody: () => log.push('body'),
  });
  machine.start();
  machine.receive(hex('ff'));
  log.length = 0;
  return { machine, waits, since: () => log.splice(0).join(' ') };
}

describe('a tinyproto machine with a body of theirs in parts', () => {
  it('judges their FIN when what is here of it has been read', () => {
    const { machine, since } = open();
    machine.receive(hex(`${large} 616161`));
    expect(machine.readHead()).toBe(70_000);
    machine.receiveEnd();
    expect(since()).toBe('ff');
    expect(machine.readPart()).toEqual(hex('616161'));
    expect(since()).toBe('cut-short');
  });

  it('takes a FIN for what it is that comes behind the last byte, before that is read', () => {
    const { machine, since } = open();
    machine.receive(hex(large));
    machine.receive(new Uint8Array(70_000));
    machine.readHead();
    machine.receiveEnd();
    expect(machine.readPart()?.length).toBe(70_000);
    machine.consumed();
    expect(machine.tryEnd()).toBe(true);
    expect(since()).toBe('ff');
  });

  it('waits for each part of it, for none while we are slow, and for all of the rest once it is dropped', () => {
    const { machine, waits } = open({ inboxSlots: 3 });
    machine.receive(hex(`00000000 00000000 ${large} 61`));
    expect([...waits]).toEqual([]);
    while (machine.read()) machine.consumed();
    machine.readHead();
    machine.readPart();
    expect([...waits]).toEqual([['payload', 10_000]]);
    machine.receive(hex('61'));
    expect([...waits]).toEqual([]);
    machine.readPart();
    expect([...waits]).toEqual([['payload', 10_000]]);
    machine.close();
    expect([...waits]).toEqual([['payload', 14_273]]);
  });

  it('judges their FIN at once when nobody will read any more', () => {
    const { machine, since } = open();
    machine.receive(hex(`${large} 616161`));
    machine.receiveEnd();
    machine.close();
    expect(since()).toBe('ff cut-short');
  });
});

describe('a tinyproto machine with a body of ours in parts', () => {
  it('writes no refusal into it, not even the one that ends the connection', () => {
    const { machine, since } = open({ maxMessageBytes: 100 });
    machine.begin(tinyproto().streams?.encode(50) as never);
    machine.receive(hex('ff'));
    expect(since()).toBe('00000032 body taken');
    machine.receive(hex('00000065'));
    expect(since()).toBe('message-too-large by reset');
  });
});

describe('a tinyproto machine in half duplex, with a body of ours in parts', () => {
  it('drops whatever comes meanwhile once it is closed, and has no bound for it', () => {
    const { machine, since } = open({ duplex: 'half', maxUnconsumedMessages: 1 });
    machine.begin(tinyproto().streams?.encode(50) as never);
    machine.receive(hex('ff'));
    machine.close();
    machine.receive(hex('00000001 61 00000001 62 00000001 63'));
    expect(since()).toBe('00000032 body taken');
    expect(machine.dropped).toEqual({ messages: 3, bytes: 3 });
    machine.bodyWritten();
    expect(since()).toBe('ff ff ff');
  });
});

describe('a handshake', () => {
  const port = {
    write: () => {},
    opened: () => {},
    outcome: () => {},
    fail: () => {},
    await: () => {},
    settle: () => {},
  };
  const handshake = () => new Handshake(rulesOf({}), port, { ...newConversation(), ours: 'asking' });

  it('throws, rather than going on out of step, at an event that has no place in its tables', () => {
    expect(() => handshake().onOurs('ask')).toThrow('no ask while asking');
    expect(() => handshake().onTheirs('whole')).toThrow('no whole while between');
    expect(() => handshake().writeHeader()).toThrow('no frame of ours is open');
  });
});
