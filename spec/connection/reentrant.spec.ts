import { type Framing, type FramingTalk, queueFrames, type SendError, tinyproto } from 'rx-tinyproto';
import { hex } from 'rx-tinyproto/testing';
import { firstValueFrom, NEVER, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { consume } from '../../src/flow/consume.js';
import { lengthPrefixed } from '../../src/framing/length-prefixed.js';
import { wholeChunks } from '../../src/framing/whole-chunks.js';
import { beginTurn, endTurn, isTurn } from '../../src/outbox/turns.js';
import { bytesOf, hexOf } from '../helpers/decoded.js';
import { Talk } from '../helpers/wire-talk.js';

/** How each of these sends has failed. */
const failing = (talk: Talk, messages: readonly string[], then: () => void = () => {}): string[] => {
  const failed: string[] = [];
  for (const message of messages)
    talk.connection.send(bytesOf(message)).subscribe({
      error: ({ fate }: SendError) => {
        failed.push(`${message} ${fate}`);
        then();
      },
    });
  return failed;
};

describe('whoever hears of a failed send', () => {
  it('may end the connection, which tells all the same what was not sent', async () => {
    const talk = new Talk(tinyproto()).receive(hex`ff`);
    const failed = failing(talk, ['a', 'b'], () => talk.connection.destroy());
    talk.receive(hex`00 00 00 01 61`);
    talk.connection.destroy();
    const { unsent } = await firstValueFrom(talk.connection.closed$);
    expect([failed, unsent?.map(hexOf)]).toEqual([['a unknown', 'b not-sent'], ['62']]);
  });

  it('may let go of what it held: a stream of messages hears first what has become of those on their way', () => {
    const talk = new Talk(lengthPrefixed({ size: 1 }), { maxQueuedMessages: 4 }, { write: () => false });
    failing(talk, ['a'], () => talk.connection.close().subscribe());
    const fates: string[] = [];
    function* words() {
      for (let at = 0; at < 9; at++) yield hex`62`;
    }
    talk.connection.sendAll(words()).subscribe({ error: ({ fate }: SendError) => fates.push(fate) });
    talk.connection.destroy();
    expect(fates).toEqual(['unknown']);
  });
});

describe('inside next', () => {
  it('a framing with answers may take the place of one that has none, and turns go on as before', async () => {
    const talk = new Talk(wholeChunks());
    talk.connection.messages$
      .pipe(take(1))
      .subscribe(() => talk.connection.reframe({ framing: tinyproto() }));
    await talk.read();
    talk.receive(hex`61`);
    beginTurn();
    const was = isTurn();
    endTurn();
    expect([was, isTurn()]).toEqual([true, false]);
  });
});

it('a single send goes ahead of a stream that gives way to answers, whenever it comes', async () => {
  const written: string[] = [];
  const write = (bytes: Uint8Array) => written.push(hexOf(bytes)) > 0;
  const talk = new Talk(tinyproto(), {}, { write }).receive(hex`ff`);
  talk.connection.messages$.pipe(consume(() => NEVER)).subscribe();
  await talk.read();
  talk.receive(hex`00 00 00 01 61`);
  talk.connection.sendAll([hex`62`]).subscribe();
  talk.connection.send(hex`63 63`).subscribe();
  expect(written).toEqual(['ff', 'ff', '00000002']);
});

it('no other framing goes on where a message waits that was framed before', () => {
  let mayBegin = false;
  const patient: Framing = {
    ...lengthPrefixed({ size: 1 }),
    open(port) {
      queueFrames(port);
      const decoder = lengthPrefixed({ size: 1 }).open(port);
      const talk: FramingTalk = {
        midFrame: false,
        dropped: { messages: 0, bytes: 0 },
        start: () => port.ready(),
        canBegin: () => mayBegin,
        begin({ head, body }) {
          port.out.write?.(head, false);
          port.out.write?.(body, true);
          port.out.outcome?.('taken');
        },
        progress() {},
        receiveEnd() {},
        close() {},
        tryEnd: () => true,
      };
      return Object.assign(decoder, { talk });
    },
  };
  const written: string[] = [];
  const write = (bytes: Uint8Array) => written.push(hexOf(bytes)) > 0;
  const { connection } = new Talk(patient, {}, { write });
  connection.send(hex`61`).subscribe();
  expect(() => connection.reframe({ framing: wholeChunks() })).toThrow(TypeError);
  mayBegin = true;
  connection.send(hex`62`).subscribe();
  connection.reframe({ framing: wholeChunks() }).send(hex`63`).subscribe();
  expect(written).toEqual(['01', '61', '01', '62', '63']);
});
