import { describe, expect, it } from 'vitest';
import { inEveryCut, Talk } from '../helpers/handshake-talk.js';

const half = { duplex: 'half' } as const;

describe("tinyproto({ duplex: 'half' })", () => {
  it('grants every header at once, however many messages wait', () => {
    const talk = Talk.open(half).receive('00000001 61'.repeat(20));
    expect(talk.since()).toBe(Array(20).fill('ff').join(' '));
    expect(talk.drain()).toHaveLength(20);
  });

  it(
    'begins a frame only when none of theirs is open and the wire has been quiet',
    inEveryCut((cut) => {
      const talk = Talk.open(half, cut);
      talk.receive('00');
      expect(talk.quiet().machine.canBegin(false)).toBe(false);
      talk.receive('000001');
      expect(talk.quiet().machine.canBegin(false)).toBe(false);
      talk.receive('61');
      expect(talk.machine.canBegin(false)).toBe(false);
      expect(talk.quiet().machine.canBegin(false)).toBe(true);
    }),
  );

  it('asks for quiet after every chunk, and for none where quietMs is 0', () => {
    const talk = Talk.open({ ...half, quietMs: 40 });
    talk.receive('00000000');
    expect([...talk.waits]).toEqual([['quiet', 40]]);
    talk.receive('00000000');
    expect(talk.armed).toBe(2);
    const hasty = Talk.open({ ...half, quietMs: 0 }).receive('00000000');
    expect(hasty.machine.canBegin(false)).toBe(true);
    expect([...hasty.waits]).toEqual([]);
  });

  it('sends a payload only behind its OK', () => {
    const talk = Talk.open(half).begin('aa');
    expect(talk.since()).toBe('00000001');
    expect(talk.receive('ff').since()).toBe('aa. taken');
    expect(talk.machine.canBegin(false)).toBe(false);
    expect(talk.quiet().machine.canBegin(false)).toBe(true);
  });

  it(
    'finds a header that crosses ours: a collision, by reset, and nothing more is written',
    inEveryCut((cut) => {
      const talk = Talk.open(half, cut).begin('aa').receive('00000001 61');
      expect(talk.since()).toBe('00000001 collision by reset');
      talk.machine.close();
      expect(talk.machine.tryEnd()).toBe(false);
      expect(talk.since()).toBe('');
      const empty = Talk.open(half, cut).begin('').receive('00000001');
      expect(empty.since()).toBe('00000000. collision by reset');
    }),
  );

  it('neither delivers nor drops an empty message that crosses ours', () => {
    const talk = Talk.open(half).begin('aa').receive('00000000');
    expect(talk.since()).toBe('00000001 collision by reset');
    expect([talk.read(), talk.machine.dropped]).toEqual([undefined, { messages: 0, bytes: 0 }]);
  });

  it('waits 30 s for an answer: a Python thread that died leaves its socket open', () => {
    const talk = Talk.open(half).begin('aa');
    expect(talk.waits.get('answer')).toBe(30_000);
    talk.machine.expired('answer');
    expect(talk.since()).toBe('00000001 ok-timeout by reset');
  });

  it('refuses with fd a message that is too large, and lives where it cannot be here yet', () => {
    const talk = Talk.open({ ...half, maxMessageBytes: 65_536 }).receive('00010001 00000001 61');
    expect(talk.since()).toBe('fd ff');
    expect(talk.drain()).toEqual(['61']);
    expect(
      Talk.open({ ...half, maxMessageBytes: 1 })
        .receive('00000002')
        .since(),
    ).toBe('fd message-too-large');
  });

  it('ends the connection when too many messages are unconsumed', () => {
    const talk = Talk.open({ ...half, maxUnconsumedMessages: 2 }).receive('00000001 61 00000001 62');
    expect(talk.read()).toBe('61');
    expect(talk.receive('00000001 63').since()).toBe('ff ff inbox-overflow');
    expect(talk.drain()).toEqual(['62']);
  });

  it('ends the connection when too many bytes are unconsumed, read or not', () => {
    const talk = Talk.open({ ...half, maxUnconsumedBytes: 4 }).receive('00000003 616161');
    talk.read();
    talk.machine.consumed();
    talk.receive('00000002 6262 00000002 6363');
    talk.read();
    expect(talk.since()).toBe('ff ff ff');
    expect(talk.receive('00000001').since()).toBe('inbox-overflow');
  });

  it('takes a single message whatever maxUnconsumedBytes', () => {
    expect(
      Talk.open({ ...half, maxUnconsumedBytes: 1 })
        .receive('00000002 6161')
        .drain(),
    ).toEqual(['6161']);
  });

  it('grants and drops after close, so that what is queued can still go out', () => {
    const talk = Talk.open(half);
    talk.machine.close();
    talk.receive('00000001 61');
    expect(talk.since()).toBe('ff');
    expect(talk.machine.dropped).toEqual({ messages: 1, bytes: 1 });
    talk.quiet().begin('aa').receive('ff');
    expect(talk.since()).toBe('00000001 aa. taken');
    expect(talk.machine.tryEnd()).toBe(true);
  });

  it('with withhold holds the peer by its OK, and begins nothing meanwhile', () => {
    const talk = Talk.open({ ...half, withhold: true }).receive('00000001 61 00000001');
    expect(talk.since()).toBe('ff');
    expect(talk.quiet().machine.canBegin(false)).toBe(false);
    talk.drain();
    expect(talk.since()).toBe('ff');
  });

  it('with withhold begins nothing while an OK is owed, be the message whole or not', () => {
    const talk = Talk.open({ ...half, withhold: true })
      .receive('00000001 61 00000000')
      .quiet();
    expect(talk.machine.canBegin(false)).toBe(false);
    talk.drain();
    expect(talk.machine.canBegin(false)).toBe(true);
  });

  it('with withhold counts what it has not granted as unconsumed, too', () => {
    const talk = Talk.open({ ...half, withhold: true, maxUnconsumedMessages: 2 });
    expect(talk.receive('00000001 61 00000001 62').since()).toBe('ff');
    expect(talk.receive('00000001').since()).toBe('inbox-overflow');
  });
});
