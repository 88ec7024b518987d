import { describe, expect, it } from 'vitest';
import { Talk } from '../helpers/handshake-talk.js';

describe("tinyproto's deadlines", () => {
  it('run for nothing that comes within one chunk', () => {
    const talk = Talk.open({ inboxSlots: 1_000 });
    talk.receive('00000002 6162 00000000 00000001 63'.repeat(20));
    expect(talk.armed).toBe(0);
  });

  it('cover the rest of a header, from its first byte and not from each', () => {
    const talk = Talk.open({ headerTimeoutMs: 70 }).receive('00');
    expect([...talk.waits]).toEqual([['header', 70]]);
    talk.receive('0000');
    expect(talk.armed).toBe(1);
    talk.receive('00');
    expect([...talk.waits]).toEqual([]);
  });

  it('start anew for a header that begins in the chunk that completed another', () => {
    const talk = Talk.open().receive('00').receive('000000 00');
    expect(talk.armed).toBe(2);
    expect(talk.waits.has('header')).toBe(true);
  });

  it('cover a granted payload, at its floor rate', () => {
    const talk = Talk.open({ payloadTimeoutMs: 100, payloadFloorBytesPerSecond: 1_000 }).receive('00000064');
    expect([...talk.waits]).toEqual([['payload', 200]]);
    talk.receive('00').receive('00');
    expect(talk.armed).toBe(1);
    talk.machine.expired('payload');
    expect(talk.since()).toBe('ff payload-timeout');
  });

  it('start anew for a payload that begins in the chunk that completed another', () => {
    const talk = Talk.open({ inboxSlots: 9 }).receive('00000002 61').receive('62 00000002 61');
    expect(talk.armed).toBe(2);
    expect(talk.waits.has('payload')).toBe(true);
  });

  it('cover a payload that is dropped and has no OK as soon as it begins', () => {
    const talk = Talk.open({ payloadTimeoutMs: 70 });
    talk.machine.close();
    talk.receive('00000002');
    expect([...talk.waits]).toEqual([]);
    talk.receive('61');
    expect([...talk.waits]).toEqual([['payload', 71]]);
  });

  it('cover the payload of a message that is dropped, as any other', () => {
    const talk = Talk.open({ payloadTimeoutMs: 70 }).receive('00000002 61');
    talk.machine.close();
    expect([...talk.waits]).toEqual([['payload', 71]]);
    talk.receive('62');
    expect([...talk.waits]).toEqual([]);
  });

  it('cover no payload that is withheld', () => {
    const talk = Talk.open().receive('00000001 61 00000002');
    expect([...talk.waits]).toEqual([]);
    talk.drain();
    expect([...talk.waits.keys()]).toEqual(['payload']);
  });

  it('cover a payload that has begun early', () => {
    const talk = Talk.open().receive('00000001 61 00000002 62');
    expect([...talk.waits.keys()]).toEqual(['payload']);
  });

  it('cover a payload that a tie has made due, though its OK is withheld', () => {
    const talk = Talk.open({}, undefined, { slots: 1, extraSlots: 0 }).receive('00000001 61 00000002');
    talk.begin('aa');
    expect(talk.waits.has('payload')).toBe(true);
    const crossed = Talk.open({}, undefined, { slots: 1, extraSlots: 0 })
      .receive('00000001 61')
      .begin('aa')
      .receive('00000002');
    expect(crossed.since()).toBe('ff 00000001 aa.');
    expect(crossed.waits.has('payload')).toBe(true);
  });

  it('cover the payload of a refused message where it is due', () => {
    const talk = Talk.open({ maxMessageBytes: 65_536 }).receive('00010001');
    expect([...talk.waits]).toEqual([]);
    talk.begin('aa').receive('00010001');
    expect(talk.waits.has('payload')).toBe(true);
  });

  it('cover no answer in full duplex, where it may be withheld, unless asked to', () => {
    expect([...Talk.open().begin('aa').waits]).toEqual([]);
    const talk = Talk.open({ okTimeoutMs: 70, window: 2 }).begin('aa').begin('bb');
    expect([...talk.waits]).toEqual([['answer', 70]]);
    expect(talk.armed).toBe(1);
    talk.receive('ff');
    expect(talk.armed).toBe(2);
    talk.receive('ff');
    expect([...talk.waits]).toEqual([]);
  });

  it('end a connection whose answer does not come, by reset where a header of ours is open', () => {
    const talk = Talk.open({ okTimeoutMs: 70 }).begin('aa');
    talk.machine.expired('answer');
    expect(talk.since()).toBe('00000001 ok-timeout by reset');
  });

  it('cover a mutual hold, restarted by each of their bytes and each message consumed', () => {
    const talk = Talk.open({ mutualHoldTimeoutMs: 70 }, undefined, { slots: 1, extraSlots: 0 });
    talk.receive('00000000 00000000 00000000');
    expect([...talk.waits]).toEqual([]);
    talk.begin('aa');
    expect([...talk.waits]).toEqual([['mutual-hold', 70]]);
    const { armed } = talk;
    talk.receive('00000000');
    expect(talk.armed).toBe(armed + 1);
    talk.read();
    expect(talk.armed).toBe(armed + 1);
    talk.machine.consumed();
    expect(talk.armed).toBe(armed + 2);
    talk.receive('ff');
    expect([...talk.waits]).toEqual([]);
  });

  it('end a mutual hold that nothing moves', () => {
    const talk = Talk.open({}, undefined, { slots: 1, extraSlots: 0 })
      .receive('00000000 00000000')
      .begin('aa');
    expect(talk.waits.get('mutual-hold')).toBe(30_000);
    talk.since();
    talk.machine.expired('mutual-hold');
    expect(talk.since()).toBe('mutual-hold');
  });

  it('cover a mutual hold whatever came before it: as many chunks as were consumed, or more', () => {
    const talk = Talk.open({}, undefined, { slots: 1, extraSlots: 0 });
    talk.receive('00000000'.repeat(6)).begin('aa');
    for (let consumed = 1; consumed <= 4; consumed += 1) {
      talk.read();
      talk.machine.consumed();
      expect(talk.waits.has('mutual-hold')).toBe(true);
    }
    talk.machine.consumed();
    expect(talk.waits.has('mutual-hold')).toBe(false);
  });

  it('do not cover one side that holds', () => {
    const talk = Talk.open().receive('00000000 00000000');
    expect([...talk.waits]).toEqual([]);
  });

  it('cover nothing where Infinity is written', () => {
    const never = { headerTimeoutMs: Infinity, payloadTimeoutMs: Infinity, mutualHoldTimeoutMs: Infinity };
    const talk = Talk.open(never, undefined, { slots: 1, extraSlots: 0 })
      .receive('00000000 00000000')
      .begin('aa');
    talk.receive('00000002');
    expect([...talk.waits]).toEqual([]);
    const header = Talk.open(never).receive('00');
    expect([...header.waits]).toEqual([]);
  });

  it('that have passed when their wait is over do nothing', () => {
    const talk = Talk.open().receive('00').receive('000000');
    talk.since();
    talk.machine.expired('header');
    talk.machine.expired('payload');
    expect(talk.since()).toBe('');
  });

  it('are all over after a fault', () => {
    const talk = Talk.open({ okTimeoutMs: 70 }).begin('aa').receive('00000002');
    expect([...talk.waits.keys()].sort()).toEqual(['answer', 'payload']);
    talk.machine.expired('payload');
    expect([...talk.waits]).toEqual([]);
  });
});
