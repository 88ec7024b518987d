import { describe, expect, it } from 'vitest';
import { inEveryCut, Talk } from '../helpers/handshake-talk.js';

describe('close', () => {
  it('drops what is unread, and counts it', () => {
    const talk = Talk.open({ inboxSlots: 2 }).receive('00000002 6161 00000001 62');
    talk.machine.close();
    expect(talk.read()).toBeUndefined();
    expect(talk.machine.dropped).toEqual({ messages: 2, bytes: 3 });
  });

  it(
    'drops what comes, and counts it, while our frames wait for their answers',
    inEveryCut((cut) => {
      const talk = Talk.open({ window: 2 }, cut).begin('aa');
      talk.machine.close();
      talk.receive('00000002 6161 00000000 00000001 62');
      expect(talk.since()).toBe('00000001 aa. ff ff ff');
      expect(talk.machine.dropped).toEqual({ messages: 3, bytes: 3 });
      expect(talk.machine.unreadBytes).toBe(0);
    }),
  );

  it('drops the part of a message that is here, and the rest as it comes', () => {
    const talk = Talk.open({ window: 2 }).begin('aa').receive('00000003 6161');
    talk.machine.close();
    expect(talk.machine.unreadBytes).toBe(0);
    talk.receive('61 ff');
    expect(talk.machine.dropped).toEqual({ messages: 1, bytes: 3 });
    expect(talk.since()).toBe('00000001 aa. ff taken');
  });

  it('grants what it withheld while our frames wait for their answers', () => {
    const talk = Talk.open({ extraSlots: 1 }).begin('aa').receive('00000000'.repeat(4));
    expect(talk.since()).toBe('00000001 aa. ff ff');
    talk.machine.close();
    expect(talk.since()).toBe('ff ff');
  });

  it('lets queued frames begin, a stream among them', () => {
    const talk = Talk.open().receive('00000000 00000000');
    expect(talk.machine.canBegin(true)).toBe(false);
    talk.machine.close();
    expect(talk.machine.canBegin(true)).toBe(true);
    expect(talk.begin('aa').since()).toBe('ff ff 00000001');
  });

  it('is not moved by messages that were read before it and are consumed after it', () => {
    const talk = Talk.open({ window: 2 }).receive('00000001 61');
    talk.read();
    talk.machine.close();
    talk.machine.consumed();
    talk.begin('aa').receive('00000001 62');
    expect(talk.since()).toBe('ff 00000001 aa. ff');
  });
});

describe('tryEnd', () => {
  it('says no while the connection is open', () => {
    expect(Talk.open().machine.tryEnd()).toBe(false);
  });

  it('says no while a frame of ours is unanswered, and yes behind the answer', () => {
    const talk = Talk.open().begin('aa');
    talk.machine.close();
    expect(talk.machine.tryEnd()).toBe(false);
    talk.receive('ff');
    expect(talk.machine.tryEnd()).toBe(true);
    expect(talk.since()).toBe('00000001 aa. taken');
    expect(talk.machine.canBegin(false)).toBe(false);
  });

  it('answers the frames that are here whole, whatever the credit', () => {
    const talk = Talk.open().receive('00000001 61 00000001 62 00000000');
    expect(talk.since()).toBe('ff');
    talk.machine.close();
    expect(talk.machine.tryEnd()).toBe(true);
    expect(talk.since()).toBe('ff ff');
  });

  it('leaves unanswered the frame that is not here whole', () => {
    const talk = Talk.open().receive('00000001 61 00000001 62 00000001');
    talk.since();
    talk.machine.close();
    expect(talk.machine.tryEnd()).toBe(true);
    expect(talk.since()).toBe('ff');
  });

  it('waits for the rest of a header', () => {
    const talk = Talk.open().receive('000000');
    talk.machine.close();
    expect(talk.machine.tryEnd()).toBe(false);
    expect(talk.waits.has('header')).toBe(true);
    talk.receive('00');
    expect(talk.machine.tryEnd()).toBe(true);
    expect(talk.since()).toBe('ff');
  });

  it('sees a refusal that waits go out before FIN', () => {
    const talk = Talk.open({ maxMessageBytes: 65_536 }).receive('00000001 61 00000001 62 00010001');
    talk.since();
    talk.machine.close();
    expect(talk.machine.tryEnd()).toBe(true);
    expect(talk.since()).toBe('ff fd');
  });

  it('reads and drops everything that comes after it, with no deadline of its own', () => {
    const talk = Talk.open().receive('00000005 6161');
    talk.machine.close();
    expect(talk.machine.tryEnd()).toBe(true);
    talk.since();
    talk.receive('616161 fe 00');
    talk.machine.receiveEnd();
    expect(talk.since()).toBe('');
    expect([...talk.waits]).toEqual([]);
    expect(talk.machine.dropped).toEqual({ messages: 0, bytes: 7 });
  });
});

describe('receiveEnd', () => {
  it.each([
    ['inside a header', '000000'],
    ['between a header and its payload', '00000002'],
    ['inside a payload', '00000002 61'],
  ])('is cut-short %s', (_, bytes) => {
    const talk = Talk.open().receive(bytes);
    talk.since();
    talk.machine.receiveEnd();
    expect(talk.since()).toBe('cut-short');
    expect(talk.read()).toBeUndefined();
  });

  it('is cut-short inside a payload that is skipped', () => {
    const talk = Talk.open({ maxMessageBytes: 65_536 }).begin('aa').receive('00010001 00');
    talk.since();
    talk.machine.receiveEnd();
    expect(talk.since()).toBe('cut-short');
  });

  it('between messages leaves frames of ours without an outcome, and what came readable', () => {
    const talk = Talk.open({ window: 3 }).receive('00000001 61').begin('aa').begin('bb');
    talk.since();
    talk.machine.receiveEnd();
    expect(talk.since()).toBe('');
    expect([talk.machine.midFrame, talk.machine.canBegin(false)]).toEqual([false, false]);
    expect(talk.read()).toBe('61');
  });

  it('leaves no header of ours open: nobody waits for its payload', () => {
    const talk = Talk.open({ okTimeoutMs: 9 }).begin('aa');
    expect(talk.machine.midFrame).toBe(true);
    talk.machine.receiveEnd();
    expect(talk.machine.midFrame).toBe(false);
    expect([...talk.waits]).toEqual([]);
  });

  it('inside a header leaves ours open, too: only a reset ends that', () => {
    const talk = Talk.open().begin('aa').receive('0000');
    talk.machine.receiveEnd();
    expect(talk.since()).toBe('00000001 cut-short by reset');
    expect(talk.machine.midFrame).toBe(true);
  });

  it('leaves us to answer what we owe as it is consumed, then to end', () => {
    const talk = Talk.open().receive('00000001 61 00000001 62');
    talk.machine.receiveEnd();
    expect(talk.since()).toBe('ff');
    expect(talk.machine.tryEnd()).toBe(false);
    talk.read();
    expect(talk.machine.tryEnd()).toBe(false);
    talk.machine.consumed();
    expect(talk.since()).toBe('ff');
    talk.read();
    expect(talk.machine.tryEnd()).toBe(false);
    talk.machine.consumed();
    expect([talk.machine.tryEnd(), talk.machine.tryEnd()]).toEqual([true, true]);
    expect(talk.machine.canBegin(false)).toBe(false);
  });

  it('lets close() drop what is unread', () => {
    const talk = Talk.open().receive('00000001 61');
    talk.machine.receiveEnd();
    talk.machine.close();
    expect(talk.machine.tryEnd()).toBe(true);
    expect(talk.machine.dropped).toEqual({ messages: 1, bytes: 1 });
  });

  it('while closing is cut-short inside a frame, and else lets us end', () => {
    const cut = Talk.open().begin('aa').receive('00000002');
    cut.machine.close();
    cut.since();
    cut.machine.receiveEnd();
    expect(cut.since()).toBe('cut-short');
    const between = Talk.open().begin('aa');
    between.machine.close();
    between.machine.receiveEnd();
    expect(between.machine.tryEnd()).toBe(true);
  });
});

describe('a connection that is over', () => {
  const started = () => {
    const talk = new Talk();
    talk.machine.start();
    return talk;
  };
  const closing = () => {
    const talk = Talk.open();
    talk.machine.close();
    return talk;
  };

  it.each<[string, () => Talk, (talk: Talk) => void]>([
    ['released before it has started', () => new Talk(), ({ machine }) => machine.release()],
    ['released in its opening', started, ({ machine }) => machine.release()],
    ['whose opening takes too long', started, ({ machine }) => machine.expired('opening')],
    ['whose opening is none', started, (talk) => talk.receive('61')],
    ['that the peer has no room for', started, (talk) => talk.receive('fe')],
    ['that the peer finds in conflict', started, (talk) => talk.receive('fd')],
    ['that the peer refuses', started, (talk) => talk.receive('00')],
    ['that the peer hangs up in its opening', started, ({ machine }) => machine.receiveEnd()],
    ['released', () => Talk.open(), ({ machine }) => machine.release()],
    ['at fault', () => Talk.open(), (talk) => talk.receive('fe')],
    ['released while it closes', closing, ({ machine }) => machine.release()],
    ['at fault while it closes', closing, (talk) => talk.receive('fe')],
    [
      'released behind their FIN',
      () => Talk.open(),
      ({ machine }) => {
        machine.receiveEnd();
        machine.release();
      },
    ],
    [
      'released behind our FIN',
      closing,
      ({ machine }) => {
        machine.tryEnd();
        machine.release();
      },
    ],
  ])('stays so, whatever comes and whatever is asked: %s', (_, open, end) => {
    const talk = open();
    end(talk);
    talk.since();
    talk.machine.start();
    talk.receive('ff 00000001 61');
    talk.machine.receiveEnd();
    talk.machine.close();
    talk.machine.consumed();
    expect([talk.since(), talk.read(), talk.machine.unreadBytes]).toEqual(['', undefined, 0]);
    expect([talk.machine.canBegin(false), talk.machine.tryEnd(), talk.waits.size]).toEqual([false, false, 0]);
    expect(talk.machine.dropped).toEqual({ messages: 0, bytes: 0 });
  });

  it('ends at once where it was closed before it had started', () => {
    const talk = new Talk();
    talk.machine.close();
    talk.machine.start();
    expect([talk.machine.tryEnd(), talk.since()]).toEqual([true, '']);
  });
});
