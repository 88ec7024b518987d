import { describe, expect, it } from 'vitest';
import { SendError } from '../../src/errors.js';
import { tinyproto } from '../../src/framing/tinyproto.js';
import { hex, inEveryCut, Talk } from '../helpers/handshake-talk.js';
import { converseInParts } from '../helpers/parts-bench.js';

const MAX = 'f0ffffff';
const LARGE = { maxMessageBytes: 65_536 };

describe('tinyproto', () => {
  it('frames a message as its size and itself, without a copy', () => {
    const message = hex('6869');
    const { head, body, tail } = tinyproto().encode(message);
    expect([head, tail]).toEqual([hex('00000002'), new Uint8Array(0)]);
    expect(body).toBe(message);
  });

  it('writes all four bytes of a size, the highest first', () => {
    const { streams } = tinyproto({ maxMessageBytes: 0xf0ffffff });
    expect(streams?.encode(0xf0a1b2c3).head).toEqual(hex('f0a1b2c3'));
    expect(streams?.encode(0xf0ffffff)).toEqual({
      head: hex('f0ffffff'),
      body: hex(''),
      tail: hex(''),
      streamed: 0xf0ffffff,
    });
  });

  it('tells a client above the limit with fe', () => {
    expect(tinyproto().full).toEqual(hex('fe'));
  });

  it('cannot half-close, and cannot be paused', () => {
    expect(tinyproto().halfClose).toBe(false);
    expect(new Talk().machine.pausable).toBe(false);
  });

  it('takes a message of the limit, and throws a SendError for one above it', () => {
    const { encode } = tinyproto({ maxMessageBytes: 3 });
    expect(encode(new Uint8Array(3)).head).toEqual(hex('00000003'));
    expect(() => encode(new Uint8Array(4))).toThrow(
      expect.objectContaining({ name: 'SendError', code: 'message-too-large', fate: 'not-sent' }),
    );
    expect(() => encode(new Uint8Array(4))).toThrow(SendError);
  });

  it('limits messages to 8 MiB by itself, and to f0ffffff at all', () => {
    expect(tinyproto().maxMessageBytes).toBe(8 * 1024 * 1024);
    expect(tinyproto({ maxMessageBytes: 0xf0ffffff }).maxMessageBytes).toBe(0xf0ffffff);
    expect(() => tinyproto({ maxMessageBytes: 0xf1000000 })).toThrow(RangeError);
  });

  it.each([
    ['window', 0],
    ['window', 65],
    ['inboxSlots', 0],
    ['maxMessageBytes', -1],
    ['maxMessageBytes', Infinity],
    ['headerTimeoutMs', 0],
    ['quietMs', -1],
    ['payloadFloorBytesPerSecond', 0],
    ['maxUnconsumedMessages', 0],
  ])('throws a RangeError for %s %s', (name, value) => {
    expect(() => tinyproto({ [name]: value })).toThrow(RangeError);
  });

  it.each([
    ['window', 1.5],
    ['window', '2'],
    ['maxMessageBytes', Number.NaN],
    ['headerTimeoutMs', Number.NaN],
    ['headerTimeoutMs', null],
    ['duplex', 'both'],
    ['withhold', 'yes'],
  ])('throws a TypeError for %s %s', (name, value) => {
    expect(() => tinyproto({ [name]: value })).toThrow(TypeError);
  });

  it('throws a RangeError for fewer extra slots than the window, and for a window in half duplex', () => {
    expect(() => tinyproto({ window: 16, extraSlots: 15 })).toThrow(RangeError);
    expect(() => tinyproto({ window: 2, duplex: 'half' })).toThrow(RangeError);
  });
});

describe('the opening', () => {
  it('writes ff before anything else, and opens with theirs', () => {
    const talk = new Talk();
    talk.machine.start();
    expect(talk.since()).toBe('ff');
    talk.receive('ff');
    expect(talk.since()).toBe('opened');
  });

  it(
    'takes what stands behind their ff as frames',
    inEveryCut((cut) => {
      const talk = new Talk({}, cut);
      talk.machine.start();
      talk.receive('ff 00000001 61 00000000');
      expect(talk.since()).toBe('ff opened ff');
      expect(talk.drain()).toEqual(['61', '']);
    }),
  );

  it('begins no frame before it is done', () => {
    const talk = new Talk();
    expect(talk.machine.canBegin(false)).toBe(false);
    talk.machine.start();
    expect(talk.machine.canBegin(false)).toBe(false);
  });

  it('fails with a code of its own for each refusal, and with bad-opening for every other byte', () => {
    const known: Record<number, string> = { 0: 'opening-refused', 253: 'conflict', 254: 'connection-limit' };
    for (let byte = 0; byte < 0xff; byte += 1) {
      const talk = new Talk();
      talk.machine.start();
      talk.machine.receive(Uint8Array.of(byte, 0xff, 0xff));
      expect(talk.since()).toBe(`ff ${known[byte] ?? 'bad-opening'}`);
    }
  });

  it('fails with cut-short when they hang up before their byte', () => {
    const talk = new Talk();
    talk.machine.start();
    talk.machine.receiveEnd();
    expect(talk.since()).toBe('ff cut-short');
  });

  it('waits for their byte, and no longer than openingTimeoutMs', () => {
    const talk = new Talk({ openingTimeoutMs: 70 });
    talk.machine.start();
    expect([...talk.waits]).toEqual([['opening', 70]]);
    talk.machine.expired('opening');
    expect(talk.since()).toBe('ff opening-timeout');
    expect([...talk.waits]).toEqual([]);
  });

  it('ends in order when it is closed before it is done', () => {
    const talk = new Talk();
    talk.machine.start();
    talk.machine.close();
    expect(talk.machine.tryEnd()).toBe(true);
    expect([...talk.waits]).toEqual([]);
    talk.receive('fe');
    expect(talk.since()).toBe('ff');
  });
});

describe('a message of theirs', () => {
  it(
    'is granted at its header and delivered when it is complete',
    inEveryCut((cut) => {
      const talk = Talk.open({}, cut);
      talk.receive('00000002');
      expect(talk.since()).toBe('ff');
      talk.receive('68');
      expect(talk.read()).toBeUndefined();
      talk.receive('69');
      expect(talk.read()).toBe('6869');
    }),
  );

  it(
    'may be empty',
    inEveryCut((cut) => {
      const talk = Talk.open({}, cut).receive('00000000');
      expect(talk.since()).toBe('ff');
      expect(talk.read()).toBe('');
    }),
  );

  it(
    'may look like signals and headers',
    inEveryCut((cut) => {
      const talk = Talk.open({ inboxSlots: 3 }, cut);
      talk.receive('00000003 ffffff 00000004 00000000 00000002 fdfe');
      expect(talk.since()).toBe('ff ff ff');
      expect(talk.drain()).toEqual(['ffffff', '00000000', 'fdfe']);
    }),
  );

  it(
    'is withheld its OK while the inbox is full, and granted as messages are consumed, in order',
    inEveryCut((cut) => {
      const talk = Talk.open({ inboxSlots: 1 }, cut);
      talk.receive('00000001 61 00000001 62 00000001 63');
      expect(talk.since()).toBe('ff');
      expect([talk.read(), talk.read(), talk.read()]).toEqual(['61', '62', '63']);
      talk.machine.consumed();
      expect(talk.since()).toBe('ff');
      talk.machine.consumed();
      expect(talk.since()).toBe('ff');
    }),
  );

  it('counts what is unread', () => {
    const talk = Talk.open({ inboxSlots: 9 }).receive('00000002 6162 00000004 61');
    expect(talk.machine.unreadBytes).toBe(3);
    talk.read();
    expect(talk.machine.unreadBytes).toBe(1);
  });

  it('is harmed by no empty chunk', () => {
    const talk = Talk.open()
      .receive('')
      .receive('0000')
      .receive('')
      .receive('0001')
      .receive('')
      .receive('61')
      .receive('');
    expect(talk.drain()).toEqual(['61']);
  });
});

describe('a message of ours', () => {
  it(
    'follows its OK when it is strict',
    inEveryCut((cut) => {
      const talk = Talk.open({}, cut).begin('6869');
      expect(talk.since()).toBe('00000002');
      expect([talk.machine.midFrame, talk.machine.canBegin(false)]).toEqual([true, false]);
      talk.receive('ff');
      expect(talk.since()).toBe('6869. taken');
      expect([talk.machine.midFrame, talk.machine.canBegin(false)]).toEqual([false, true]);
    }),
  );

  it('is complete with its header when it is empty', () => {
    const talk = Talk.open().begin('');
    expect(talk.since()).toBe('00000000.');
    expect([talk.machine.midFrame, talk.machine.canBegin(false)]).toEqual([false, false]);
    expect(talk.receive('ff').since()).toBe('taken');
  });

  it('is refused by fd, and the connection lives', () => {
    const talk = Talk.open().begin('6869').receive('fd');
    expect(talk.since()).toBe('00000002 refused');
    expect(talk.machine.midFrame).toBe(false);
    talk.begin('61').receive('ff');
    expect(talk.since()).toBe('00000001 61. taken');
  });

  it(
    'waits for its OK behind messages of theirs, and any of their bytes may be ff',
    inEveryCut((cut) => {
      const talk = Talk.open({}, cut).begin('aa');
      talk.receive('00000002 ffff ff');
      expect(talk.since()).toBe('00000001 aa. ff taken');
      expect(talk.read()).toBe('ffff');
    }),
  );

  it('is answered in the order in which it was begun', () => {
    const talk = Talk.open({ window: 3 }).begin('aa').begin('bb').begin('');
    expect(talk.since()).toBe('00000001 aa. 00000001 bb. 00000000.');
    expect(talk.machine.canBegin(false)).toBe(false);
    expect(talk.receive('ff fd ff').since()).toBe('taken refused taken');
  });

  it('is strict in its place when it is too large to go early', () => {
    const talk = Talk.open({ window: 3 }, undefined, { earlyBytes: 1 }).begin('aa').begin('bbbb');
    expect(talk.since()).toBe('00000001 aa. 00000002');
    expect([talk.machine.midFrame, talk.machine.canBegin(false)]).toEqual([true, false]);
    expect(talk.receive('ff').since()).toBe('taken');
    expect(talk.machine.midFrame).toBe(true);
    expect(talk.receive('ff').since()).toBe('bbbb. taken');
  });

  it('is strict in its place behind one that is refused, too', () => {
    const talk = Talk.open({ window: 3 }, undefined, { earlyBytes: 1 }).begin('aa').begin('bbbb');
    expect(talk.receive('fd').since()).toBe('00000001 aa. 00000002 refused');
    expect([talk.machine.midFrame, talk.machine.canBegin(false)]).toEqual([true, false]);
    expect(talk.receive('ff').since()).toBe('bbbb. taken');
  });

  it('goes early up to 65,536 bytes', () => {
    const early = Talk.open({ window: 2 }).begin('00'.repeat(65_536));
    expect(early.machine.midFrame).toBe(false);
    const strict = Talk.open({ window: 2 }).begin('00'.repeat(65_537));
    expect(strict.machine.midFrame).toBe(true);
  });
});

describe('a tie', () => {
  it(
    'commits our payload at once, and their OK behind it',
    inEveryCut((cut) => {
      const talk = Talk.open({}, cut).begin('aa').receive('00000001');
      expect(talk.since()).toBe('00000001 aa. ff');
      talk.receive('bb ff');
      expect(talk.since()).toBe('taken');
      expect(talk.drain()).toEqual(['bb']);
    }),
  );

  it('closes our frame, so that the next may begin at once', () => {
    const talk = Talk.open({ window: 2 }, undefined, { earlyBytes: 0 }).begin('aa');
    expect(talk.machine.canBegin(false)).toBe(false);
    talk.receive('00000001');
    expect(talk.machine.canBegin(false)).toBe(true);
  });

  it('commits no credit: their OK is withheld beyond the slots, and ours goes on', () => {
    const talk = Talk.open({}, undefined, { slots: 1, extraSlots: 1 });
    talk.begin('aa').receive('00000001 b1 00000001 b2 00000001 b3');
    expect(talk.since()).toBe('00000001 aa. ff ff');
    talk.receive('ff');
    expect(talk.since()).toBe('taken');
    // Ours begins tied: it takes its payload along.
    talk.begin('cc');
    expect(talk.since()).toBe('00000001 cc.');
    expect(talk.drain()).toEqual(['b1', 'b2', 'b3']);
    expect(talk.since()).toBe('ff');
  });

  it('may arise inside a header of theirs', () => {
    const talk = Talk.open({}, undefined, { slots: 1, extraSlots: 0 });
    talk.receive('00000001 61 00000001 62 0000').begin('aa');
    expect(talk.since()).toBe('ff 00000001 aa.');
    talk.receive('0001 63 ff');
    expect(talk.since()).toBe('taken');
    expect(talk.drain()).toEqual(['61', '62', '63']);
    expect(talk.since()).toBe('ff ff');
  });

  it('is avoided where an answer is due: every answer that credit allows goes before our header', () => {
    const talk = Talk.open({}, undefined, { slots: 1, extraSlots: 1 }).receive('00000001 b1 00000001 b2');
    expect(talk.since()).toBe('ff');
    talk.begin('aa');
    expect(talk.since()).toBe('ff 00000001');
  });
});

describe('credit', () => {
  it('is inboxSlots while we are silent, and extraSlots more while a frame of ours is unanswered', () => {
    const talk = Talk.open({ inboxSlots: 2, extraSlots: 3 });
    for (let i = 0; i < 9; i += 1) talk.receive('00000000');
    expect(talk.since()).toBe('ff ff');
    talk.begin('aa');
    expect(talk.since()).toBe('ff ff ff 00000001 aa.');
  });

  it('lets a stream begin only while a slot of our own is free, and an answer always', () => {
    const talk = Talk.open({}).receive('00000001 61');
    expect([talk.machine.canBegin(true), talk.machine.canBegin(false)]).toEqual([false, true]);
    talk.drain();
    expect(talk.machine.canBegin(true)).toBe(true);
  });

  it('may be returned in any order', () => {
    const talk = Talk.open({ inboxSlots: 2 }).receive('00000000 00000000 00000000');
    talk.read();
    talk.read();
    expect(talk.since()).toBe('ff ff');
    talk.machine.consumed();
    talk.machine.consumed();
    expect(talk.since()).toBe('ff');
  });

  it('does not cover what comes in ties: beyond maxUnconsumedBytes that ends the connection', () => {
    const talk = Talk.open({ extraSlots: 1, maxUnconsumedBytes: 5 });
    talk.begin('aa').receive('00000003 b1b1b1 00000003 b2b2b2 00000003 b3b3b3');
    expect(talk.since()).toBe('00000001 aa. ff ff');
    talk.receive('00000003');
    expect(talk.since()).toBe('');
    talk.receive('b4');
    expect(talk.since()).toBe('inbox-overflow');
    expect([talk.read(), talk.read(), talk.read()]).toEqual(['b1b1b1', 'b2b2b2', 'b3b3b3']);
  });

  it('is overdrawn by no single message, however large, and by none that just fit', () => {
    const empties = '00000000 00000000 00000000';
    const talk = (maxUnconsumedBytes: number) =>
      Talk.open({ extraSlots: 1, maxUnconsumedBytes }).begin('aa').receive(empties);
    expect(talk(1).receive('00000003 b1b1 b1').drain()).toEqual(['', '', '', 'b1b1b1']);
    expect(talk(6).receive('00000003 b1b1b1 00000003 b2b2b2').drain()).toHaveLength(5);
    expect(talk(5).receive('00000003 b1b1b1 00000003 b2').drain()).toHaveLength(4);
  });

  it('ends the connection at 65 unanswered frames', () => {
    const talk = Talk.open({ inboxSlots: 1 }).receive('00000000'.repeat(65));
    expect(talk.since()).toBe('ff');
    talk.receive('00000000');
    expect(talk.since()).toBe('too-many-unanswered');
    expect(talk.drain()).toHaveLength(65);
  });
});

describe('a refusal', () => {
  it(
    'is fd, and no payload is due without a tie',
    inEveryCut((cut) => {
      const talk = Talk.open(LARGE, cut).receive('00010001');
      expect(talk.since()).toBe('fd');
      talk.receive('00000001 61');
      expect(talk.since()).toBe('ff');
      expect(talk.drain()).toEqual(['61']);
    }),
  );

  it('in a tie is fd too, and the payload is skipped, once', () => {
    const talk = Talk.open(LARGE).begin('aa').receive('00010001');
    expect(talk.since()).toBe('00000001 aa. fd');
    talk.receive('ff'.repeat(65_536));
    expect(talk.machine.unreadBytes).toBe(0);
    talk.receive('ff ff 00000001 61');
    expect(talk.since()).toBe('taken ff');
    expect(talk.drain()).toEqual(['61']);
  });

  it('waits in its turn behind a withheld OK', () => {
    const talk = Talk.open(LARGE).receive('00000001 61 00000001 62 00010001');
    expect(talk.since()).toBe('ff');
    talk.read();
    talk.machine.consumed();
    expect(talk.since()).toBe('ff fd');
    talk.receive('00000001 63');
    expect(talk.drain()).toEqual(['62', '63']);
  });

  it('that waits is tied when a frame of ours begins: the payload comes after all, and is skipped', () => {
    const talk = Talk.open(LARGE, undefined, { slots: 1, extraSlots: 0 }).receive(
      '00000001 61 00000001 62 00010001',
    );
    talk.begin('aa');
    expect(talk.since()).toBe('ff 00000001 aa.');
    talk.receive(`${'00'.repeat(65_537)} ff`);
    expect(talk.since()).toBe('taken');
    expect(talk.drain()).toEqual(['61', '62']);
    expect(talk.since()).toBe('ff fd');
    expect(talk.receive('00000000').since()).toBe('ff');
  });

  it('is skipped once, however many frames of ours tie with it, and whether we close', () => {
    const talk = Talk.open({ ...LARGE, window: 2 }, undefined, { slots: 1, extraSlots: 0 });
    talk.receive('00000001 61 00000001 62 00010001').begin('aa').begin('bb');
    expect(talk.since()).toBe('ff 00000001 aa. 00000001 bb.');
    talk.machine.close();
    expect(talk.since()).toBe('ff fd');
    talk.receive(`${'00'.repeat(65_537)} ff ff 00000001 63`);
    expect(talk.since()).toBe('taken taken');
    expect(talk.machine.dropped).toEqual({ messages: 3, bytes: 3 });
  });

  it('that waits goes out before what we begin once we close, and what follows it is a frame', () => {
    const talk = Talk.open(LARGE).receive('00000001 61 00000001 62 00010001');
    talk.machine.close();
    talk.begin('aa');
    expect(talk.since()).toBe('ff ff fd 00000001');
    expect(talk.receive('00000001 63 ff').since()).toBe('aa. ff taken');
    expect(talk.machine.dropped).toEqual({ messages: 3, bytes: 3 });
  });

  it('that waits allows no byte of the payload before a tie', () => {
    const talk = Talk.open(LARGE).receive('00000001 61 00000001 62 00010001 ff');
    expect(talk.since()).toBe('ff unexpected-answer');
    const other = Talk.open(LARGE).receive('00000001 61 00000001 62 00010001 61');
    expect(other.since()).toBe('ff message-too-large');
  });

  it(
    'of a size that may have come early is fd behind all other answers, and the end without reset',
    inEveryCut((cut) => {
      const talk = Talk.open({ maxMessageBytes: 2 }, cut).receive('00000001 61 00000001 62 00000003 636363');
      expect(talk.since()).toBe('ff ff fd message-too-large');
      expect([talk.read(), talk.read(), talk.read()]).toEqual(['61', '62', undefined]);
    }),
  );

  it('ends the connection up to 65,536 bytes, and above is only a refusal', () => {
    expect(Talk.open({ maxMessageBytes: 9 }).receive('00010000').since()).toBe('fd message-too-large');
    expect(Talk.open({ maxMessageBytes: 9 }).receive('00010001').since()).toBe('fd');
  });

  it('drops nothing that counts: what is skipped was never a message', () => {
    const talk = Talk.open({ maxMessageBytes: 2 }).begin('aa').receive('00000003 636363');
    expect(talk.machine.dropped).toEqual({ messages: 0, bytes: 0 });
  });

  it('of a small size in a tie does not end the connection', () => {
    const talk = Talk.open({ maxMessageBytes: 2 }).begin('aa').receive('00000003 636363 ff 00000001 61');
    expect(talk.since()).toBe('00000001 aa. fd taken ff');
    expect(talk.drain()).toEqual(['61']);
  });
});

describe('hostile sizes', () => {
  it.each([
    ['00800000', 'ff'],
    ['00800001', 'fd'],
    ['7fffffff', 'fd'],
    ['80000000', 'fd'],
    [MAX, 'fd'],
    ['f1000000', 'unexpected-signal'],
    ['fdffffff', 'unexpected-answer'],
    ['fe000000', 'unexpected-signal'],
    ['ffffffff', 'unexpected-answer'],
  ])('%s is answered %s', (header, answer) => {
    const talk = Talk.open().receive(header);
    expect(talk.since()).toBe(answer);
  });

  it('cost no memory: a payload is taken as it comes', () => {
    const before = process.memoryUsage().arrayBuffers;
    const talks = Array.from({ length: 100 }, () =>
      Talk.open({ maxMessageBytes: 0xf0ffffff }).receive(`${MAX} 00`),
    );
    expect(talks.every((talk) => talk.since() === 'ff' && talk.machine.unreadBytes === 1)).toBe(true);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
  });
});

describe('lost step', () => {
  it('shows as an answer that nothing asked for', () => {
    expect(Talk.open().receive('ff').since()).toBe('unexpected-answer');
    expect(Talk.open().receive('fd').since()).toBe('unexpected-answer');
    expect(Talk.open().begin('aa').receive('ff ff').since()).toBe('00000001 aa. taken unexpected-answer');
  });

  it('shows so, too, behind the last answer to frames that went early', () => {
    const early = () => Talk.open({ window: 2 }).begin('aa').begin('bb').receive('ff');
    for (const [answer, outcome] of [
      ['ff', 'taken'],
      ['fd', 'refused'],
    ] as const) {
      const talk = early().receive(answer);
      expect(talk.since()).toBe(`00000001 aa. 00000001 bb. taken ${outcome}`);
      expect(talk.receive('ff').since()).toBe('unexpected-answer');
    }
  });

  it('shows as a signal that is no answer', () => {
    for (let byte = 0xf1; byte < 0xff; byte += 1) {
      if (byte === 0xfd) continue;
      const talk = Talk.open();
      talk.machine.receive(Uint8Array.of(byte));
      expect(talk.since()).toBe('unexpected-signal');
    }
  });

  it('shows so, too, while a frame of ours that is out whole waits for its answer: there a FIN will do', () => {
    const talk = Talk.open({ window: 2 }).begin('aa').receive('fe');
    expect(talk.since()).toBe('00000001 aa. unexpected-signal');
  });

  it('resets while a frame of ours is open, because a FIN would be misread', () => {
    expect(Talk.open().begin('aa').receive('fe').since()).toBe('00000001 unexpected-signal by reset');
  });

  it('shows as a header that is not completed, where a Python peer answers 00', () => {
    const talk = Talk.open().begin('aa').receive('00');
    expect(talk.waits.get('header')).toBe(5_000);
    talk.machine.expired('header');
    expect(talk.since()).toBe('00000001 header-timeout by reset');
  });

  it('is the end: no byte that comes behind it is kept', () => {
    const talk = Talk.open().receive('fe');
    talk.receive('00000001 61');
    expect(talk.machine.unreadBytes).toBe(0);
  });

  it('leaves readable what was complete, and writes nothing more', () => {
    const talk = Talk.open().receive('00000001 61 00000001 62 fe');
    talk.since();
    talk.receive('00000001 63');
    talk.machine.receiveEnd();
    expect(talk.drain()).toEqual(['61', '62']);
    talk.machine.close();
    expect([talk.machine.canBegin(false), talk.machine.tryEnd()]).toEqual([false, false]);
    expect(talk.since()).toBe('');
  });
});

describe('a machine that has not started', () => {
  it('has nothing, of either side', () => {
    for (const machine of [new Talk().machine, converseInParts().machine])
      expect(machine).toMatchObject({
        pausable: false,
        midFrame: false,
        unreadBytes: 0,
        dropped: { messages: 0, bytes: 0 },
      });
  });

  it('understands nothing, and gives back what has come', () => {
    const talk = new Talk().receive('ff 0000');
    expect([talk.since(), talk.machine.unreadBytes]).toEqual(['', 3]);
    expect(talk.machine.release()).toEqual(hex('ff0000'));
  });
});

describe('release', () => {
  it('gives back the bytes that were not understood, and ends', () => {
    const talk = Talk.open().receive('00000001 61 0000');
    talk.since();
    expect(talk.machine.release()).toEqual(hex('0000'));
    expect(talk.receive('0001 62').since()).toBe('');
    expect([...talk.waits]).toEqual([]);
  });
});
