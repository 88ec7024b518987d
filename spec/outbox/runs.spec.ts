import {
  type Connection,
  converse,
  type Framing,
  type FramingTalk,
  lengthPrefixed,
  type SendError,
  serve,
  type Transport,
  tinyproto,
  traffic,
  type Wire,
} from 'rx-tinyproto';
import { marbles } from 'rx-tinyproto/testing';
import { ignoreElements, merge, NEVER, type Observable, of, Subject, take, tap } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { connectOver } from '../../src/client/connect.js';
import { together } from '../../src/outbox/open-outbox.js';

// Small messages that leave together are one record, and their frames are written without their machine.

/** What a server hears of a client. */
const heardOf = (client: (conn: Connection) => Observable<unknown>, framing: Framing = lengthPrefixed()) => {
  const heard: Uint8Array[] = [];
  const all = traffic();
  marbles(({ listen, connect, flush }) => {
    listen('server:1', { framing })
      .pipe(
        take(1),
        serve((conn) => conn.messages$.pipe(tap((message) => heard.push(message.slice())))),
      )
      .subscribe();
    connect('server:1', { framing, traffic: all, maxQueuedMessages: 4_096 })
      .pipe(converse((conn) => client(conn).pipe(ignoreElements())))
      .subscribe({ error: () => {} });
    flush();
  })();
  return { heard, taken: all.messagesOut };
};

/** Messages of sizes on both sides of everything that is special: none, copied by hand, too large to be copied, more than there is place for. */
const messages = Array.from({ length: 300 }, (_, at) =>
  new Uint8Array([0, 1, 16, 17, 64, 700, 2_048, 9_000, 16_380, 16_384, 40_000][(at * 7) % 11] ?? 0).fill(at),
);

/** Its size, and what it is filled with, if that is one byte. */
const sketched = (message: Uint8Array): string =>
  `${message.length} of ${message.every((byte) => byte === message[0]) ? message[0] : 'several'}`;

describe('messages that leave together', () => {
  it.each([
    ['lengthPrefixed', lengthPrefixed()] as const,
    ['tinyproto', tinyproto({ window: 8, inboxSlots: 8 })] as const,
  ])('arrive whole and in order, be they of a stream or single: %s', (_, framing) => {
    const stream = heardOf((conn) => conn.sendAll(messages), framing);
    const single = heardOf((conn) => merge(...messages.map((message) => conn.send(message))), framing);
    for (const { heard, taken } of [stream, single]) {
      expect(taken).toBe(messages.length);
      expect(heard.map(sketched)).toEqual(messages.map(sketched));
    }
  });
});

/** Has a client send, whose wire takes everything that it is given at once, and hear what its peer says byte by byte. In `marbles` each send is watched, and so no two are single ones. */
const sentBy = (
  client: (conn: Connection) => void,
  framing: Framing = lengthPrefixed(),
  {
    opening = [],
    answers = [],
  }: { readonly opening?: readonly number[]; readonly answers?: readonly number[] } = {},
) => {
  const bytes$ = new Subject<Uint8Array>();
  const all = traffic();
  const taken: (() => void)[] = [];
  const wire: Wire = {
    local: { host: 'here', port: 1 },
    remote: { host: 'there', port: 1 },
    bytes$,
    closed$: NEVER,
    write(_, done) {
      taken.push(done);
      return false;
    },
    pause: () => {},
    resume: () => {},
    end: () => {},
    destroy: () => {},
  };
  const transport: Transport = { dial: () => of(wire), listen: () => NEVER };
  const connect = connectOver({ transport, framing, outbox: together });
  const connected = connect('there:1', { traffic: all }).subscribe({ next: client, error: () => {} });
  for (const byte of opening) bytes$.next(Uint8Array.of(byte));
  for (const done of taken) done();
  for (const byte of answers) bytes$.next(Uint8Array.of(byte));
  connected.unsubscribe();
  return { writes: taken.length, taken: all.messagesOut };
};

describe('single sends that leave together', () => {
  it('have an outcome each, in the order of their subscription, beside streams', () => {
    const outcomes: string[] = [];
    const told = (name: string) => ({
      next: () => void outcomes.push(name),
      complete: () => void outcomes.push(`${name}.`),
    });
    const sent = sentBy((conn) => {
      for (let at = 0; at < 3; at++) conn.send(Uint8Array.of(at)).subscribe(told(`${at}`));
      conn.sendAll([Uint8Array.of(3), Uint8Array.of(4)]).subscribe(told('stream'));
      for (let at = 5; at < 7; at++) conn.send(Uint8Array.of(at)).subscribe(told(`${at}`));
    });
    expect(outcomes.join(' ')).toBe('0 0. 1 1. 2 2. stream stream. 5 5. 6 6.');
    expect(sent).toEqual({ writes: 1, taken: 7 });
  });

  it('are told of by themselves, though one of them is not listened to any more', () => {
    const outcomes: number[] = [];
    const { taken } = sentBy((conn) => {
      const sends = [0, 1, 2].map((at) => conn.send(Uint8Array.of(at)).subscribe(() => outcomes.push(at)));
      sends[1]?.unsubscribe();
    });
    expect({ outcomes, taken }).toEqual({ outcomes: [0, 2], taken: 3 });
  });

  it('fail each by itself with their connection', () => {
    const failures: unknown[] = [];
    const error = (failure: unknown) => void failures.push(failure);
    sentBy((conn) => {
      for (let at = 0; at < 3; at++) conn.send(Uint8Array.of(at)).subscribe({ error });
      conn.destroy();
    });
    expect(failures).toMatchObject(Array(3).fill({ code: 'connection-closed', fate: 'unknown' }));
    expect(new Set(failures).size).toBe(3);
  });

  it('were taken together: who ends the connection at the first outcome hears of the others all the same', () => {
    const outcomes: number[] = [];
    sentBy((conn) => {
      for (let at = 0; at < 3; at++)
        conn.send(Uint8Array.of(at)).subscribe(() => {
          outcomes.push(at);
          conn.destroy();
        });
    });
    expect(outcomes).toEqual([0, 1, 2]);
  });
});

describe('a machine', () => {
  /** How many frames it was told to begin, of so many messages. */
  const toldOf = (framing: Framing, follows = true): number => {
    let told = 0;
    heardOf((conn) => conn.sendAll(messages.map(({ length }) => new Uint8Array(length % 100))), {
      ...framing,
      open(port) {
        const machine = framing.open(port);
        const talk = machine.talk as FramingTalk;
        const begin = talk.begin.bind(talk);
        talk.begin = (frame) => {
          told++;
          begin(frame);
        };
        if (!follows) Object.defineProperty(talk, 'follow', { value: undefined });
        return machine;
      },
    });
    return told;
  };

  it('that waits for answers is told of the first of a window', () => {
    const pipelined = tinyproto({ window: 30, inboxSlots: 30 });
    expect(toldOf(pipelined, false)).toBe(messages.length);
    expect(toldOf(pipelined)).toBeLessThan(messages.length / 10);
    expect(toldOf(tinyproto())).toBe(messages.length);
  });
});

describe('messages that leave together, and are answered one by one', () => {
  /** What becomes of so many messages, of 1 byte, 2 bytes and so on, of which so many are answered before the connection is gone. */
  const fatesOf = (count: number, answers: readonly number[]): string[] => {
    const fates: string[] = [];
    const send = (conn: Connection, size: number) =>
      conn.send(new Uint8Array(size)).subscribe({
        next: () => void fates.push(`${size} taken`),
        error: ({ code, message }: SendError) =>
          void fates.push(code === 'refused' ? message : `${size} ${code}`),
      });
    let destroy = () => {};
    const all = (conn: Connection) => {
      for (let size = 1; size <= count; size++) send(conn, size);
      destroy = () => conn.destroy();
    };
    const { writes } = sentBy(all, tinyproto({ window: 8 }), { opening: [0xff], answers });
    expect(writes).toBe(2);
    destroy();
    return fates;
  };

  it('are told of as the answers come, and which of them was refused', () => {
    expect(fatesOf(4, [0xff, 0xff])).toEqual([
      '1 taken',
      '2 taken',
      '3 connection-closed',
      '4 connection-closed',
    ]);
    expect(fatesOf(4, [0xff, 0xfd, 0xff])).toEqual([
      '1 taken',
      'The peer refused a message of 2 bytes (refused)',
      '3 taken',
      '4 connection-closed',
    ]);
  });
});
