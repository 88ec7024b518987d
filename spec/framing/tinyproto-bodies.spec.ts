import { describe, expect, it } from 'vitest';
import { type TinyprotoOptions, tinyproto } from '../../src/framing/tinyproto.js';
import { newConversation } from '../../src/framing/tinyproto-conversation.js';
import { Handshake } from '../../src/framing/tinyproto-handshake.js';
import { rulesOf } from '../../src/framing/tinyproto-options.js';
import type { Frame } from '../../src/outbox/frame.js';
import { hex } from '../helpers/handshake-talk.js';
import { type ConversationBench, converseInParts } from '../helpers/parts-bench.js';
import { silentConversation } from '../helpers/silent-port.js';

/** 70,000 bytes follow. */
const large = '00011170';

/** A machine of bodies in parts, opened. */
function open(options: TinyprotoOptions = {}): ConversationBench {
  const bench = converseInParts(options);
  bench.machine.receive(hex('ff'));
  bench.since();
  return bench;
}

/** A frame of ours whose body of 50 bytes comes later. */
const ours = () => tinyproto().streams?.encode(50) as Frame;

describe('a tinyproto machine with a body of theirs in parts', () => {
  it('begins above 65,536 bytes, and only there can be paused', () => {
    const { machine } = open();
    machine.receive(hex('00010000'));
    expect([machine.readHead(), machine.pausable]).toEqual([undefined, false]);
    machine.receive(new Uint8Array(65_536));
    expect(machine.read()).toHaveLength(65_536);
    machine.consumed();
    machine.receive(hex('00010001'));
    expect([machine.readHead(), machine.pausable]).toEqual([65_537, true]);
    machine.receive(new Uint8Array(65_537));
    expect(machine.pausable).toBe(true);
    expect(machine.readPart()).toHaveLength(65_537);
    expect([machine.pausable, machine.readPart(), machine.readHead()]).toEqual([false, undefined, undefined]);
  });

  it('has a head when all of it comes at once, too', () => {
    const { machine } = open();
    const whole = new Uint8Array(4 + 65_537);
    whole.set(hex('00010001'));
    machine.receive(whole);
    expect([machine.read(), machine.readHead()]).toEqual([undefined, 65_537]);
    expect(machine.readPart()).toHaveLength(65_537);
  });

  it('is read behind the messages before it, its head first, and once', () => {
    const { machine } = open({ inboxSlots: 2 });
    machine.receive(hex(`00000001 61 ${large} 6262`));
    expect([machine.readHead(), machine.readPart()]).toEqual([undefined, undefined]);
    expect(machine.read()).toEqual(hex('61'));
    expect([machine.read(), machine.readPart()]).toEqual([undefined, undefined]);
    expect([machine.readHead(), machine.readHead()]).toEqual([70_000, undefined]);
    expect([machine.readPart(), machine.readPart()]).toEqual([hex('6262'), undefined]);
    machine.receive(hex('63'));
    expect(machine.readPart()).toEqual(hex('63'));
  });

  it('has a head again behind one that was read', () => {
    const { machine, since } = open();
    for (let round = 0; round < 2; round += 1) {
      machine.receive(hex(large));
      machine.receive(new Uint8Array(70_000));
      expect(machine.readHead()).toBe(70_000);
      expect(machine.readPart()).toHaveLength(70_000);
      machine.consumed();
      expect(since()).toBe('ff');
    }
  });

  it('costs none of the budgets, whatever has come of it', () => {
    const { machine, since } = open({ maxUnconsumedBytes: 0, extraSlots: 1 });
    machine.receive(hex(`00000000 ${large}`));
    expect(since()).toBe('ff');
    machine.receive(new Uint8Array(70_000));
    expect(since()).toBe('');
    expect(machine.unreadBytes).toBe(70_000);
  });

  it('counts nothing of what was read, and small messages beside it as ever', () => {
    const options = { extraSlots: 1, maxUnconsumedBytes: 5 };
    const { machine, since } = open(options);
    machine.begin(tinyproto().encode(hex('aa')));
    machine.receive(hex(`00000000 00000000 ${large}`));
    machine.receive(new Uint8Array(70_000));
    expect([machine.read(), machine.read(), machine.readHead()]).toEqual([hex(''), hex(''), 70_000]);
    expect(machine.readPart()).toHaveLength(70_000);
    machine.receive(hex('00000003 b1'));
    expect(since()).toBe('00000001 aa. ff ff');
    machine.receive(hex('b1b1 00000003 b2'));
    expect(since()).toBe('inbox-overflow');
  });

  it('that nobody has granted yet is waited for when it has begun, and what is here of it was read', () => {
    const { machine, waits, since } = open();
    machine.receive(hex(`00000000 ${large}`));
    expect([since(), ...waits]).toEqual(['ff']);
    machine.receive(hex('61'));
    expect([...waits]).toEqual([]);
    expect([machine.read(), machine.readHead(), machine.readPart()]).toEqual([hex(''), 70_000, hex('61')]);
    expect([since(), ...waits]).toEqual(['', ['payload', 10_000]]);
  });

  it('is dropped whole, and counted, where it begins behind a close', () => {
    const { machine } = open();
    machine.close();
    machine.receive(hex(`${large} 61`));
    expect(machine.pausable).toBe(false);
    machine.receive(new Uint8Array(69_999));
    expect(machine.dropped).toEqual({ messages: 1, bytes: 70_000 });
  });

  it('is read by nobody once it is closed, or at fault', () => {
    const closed = open().machine;
    closed.receive(hex(`${large} 61`));
    closed.close();
    expect([closed.readHead(), closed.readPart(), closed.pausable]).toEqual([undefined, undefined, false]);
    expect(closed.dropped).toEqual({ messages: 0, bytes: 1 });
    closed.receive(new Uint8Array(69_999));
    expect(closed.dropped).toEqual({ messages: 1, bytes: 70_000 });
    const { machine, since } = open();
    machine.receive(hex(large));
    machine.expired('payload');
    expect(since()).toBe('ff payload-timeout');
    expect([machine.readHead(), machine.readPart()]).toEqual([undefined, undefined]);
  });

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
  it('begins nothing, answers nothing and does not end while it goes out', () => {
    const { machine, since } = open({ window: 2 });
    machine.begin(ours());
    machine.receive(hex('ff'));
    expect(since()).toBe('00000032 body taken');
    expect([machine.midFrame, machine.canBegin(false)]).toEqual([true, false]);
    machine.receive(hex('00000000'));
    expect(since()).toBe('');
    machine.close();
    expect(machine.tryEnd()).toBe(false);
    machine.bodyWritten();
    expect([machine.midFrame, machine.canBegin(false)]).toEqual([false, true]);
    expect(machine.tryEnd()).toBe(true);
    expect(since()).toBe('ff');
  });

  it('answers as soon as it is out', () => {
    const { machine, since } = open();
    machine.begin(ours());
    machine.receive(hex('00000000 00000000'));
    expect(since()).toBe('00000032 body');
    machine.bodyWritten();
    expect(since()).toBe('ff ff');
  });

  it('waits for no answer of theirs to what goes out, and holds nobody meanwhile', () => {
    const { machine, waits } = open({ extraSlots: 1 });
    machine.receive(hex('00000000'));
    machine.begin(ours());
    machine.receive(hex('00000000 00000000'));
    expect([...waits]).toEqual([]);
    machine.bodyWritten();
    expect([...waits]).toEqual([['mutual-hold', 30_000]]);
  });

  it('writes no refusal into it, not even the one that ends the connection', () => {
    const { machine, since } = open({ maxMessageBytes: 100 });
    machine.begin(ours());
    machine.receive(hex('ff'));
    expect(since()).toBe('00000032 body taken');
    machine.receive(hex('00000065'));
    expect(since()).toBe('message-too-large by reset');
  });
});

describe('a tinyproto machine in half duplex, with a body of ours in parts', () => {
  it('drops whatever comes meanwhile once it is closed, and has no bound for it', () => {
    const { machine, since } = open({ duplex: 'half', maxUnconsumedMessages: 1 });
    machine.begin(ours());
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
  const handshake = () =>
    new Handshake(rulesOf({}), silentConversation, { ...newConversation(), ours: 'asking' });

  it('throws, rather than going on out of step, at an event that has no place in its tables', () => {
    expect(() => handshake().onOurs('ask')).toThrow('no ask while asking');
    expect(() => handshake().onTheirs('whole')).toThrow('no whole while between');
    expect(() => handshake().writeHeader()).toThrow('no frame of ours is open');
  });
});
