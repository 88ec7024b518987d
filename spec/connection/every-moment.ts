import {
  type BodyConnection,
  type Connection,
  consume,
  type Framing,
  lengthPrefixed,
  tinyproto,
  type Wire,
} from 'rx-tinyproto';
import { marbles } from 'rx-tinyproto/testing';
import { map, type Observable, of, Subscription, timer, toArray } from 'rxjs';
import { expect, it } from 'vitest';

const address = 'server:1';
const sides = ['a', 'b'] as const;
type Name = (typeof sides)[number];

/** What each side sends: the second is empty, and the first a body, where there are any. */
const messagesOf = (name: Name) => [`${name}1${name}1${name}1`, '', `${name}3`];

export const kinds: Record<string, { framing: Framing; bodies?: 'stream'; says?: Partial<Wire> }> = {
  lengthPrefixed: { framing: lengthPrefixed() },
  'lengthPrefixed, each frame by itself': { framing: lengthPrefixed(), says: { keepsChunks: true } },
  'lengthPrefixed, bodies': { framing: lengthPrefixed(), bodies: 'stream' },
  tinyproto: { framing: tinyproto() },
  'tinyproto, pipelined': { framing: tinyproto({ window: 4, inboxSlots: 2 }) },
  'tinyproto, bodies': { framing: tinyproto(), bodies: 'stream' },
};

/** One side, to those who do something to it. */
interface Side {
  readonly conn: Connection;
  readonly reading: Subscription;
  readonly sending: Subscription;
}

const deeds: Record<string, (side: Side) => void> = {
  'stops reading': ({ reading }) => reading.unsubscribe(),
  'gives up its sends': ({ sending }) => sending.unsubscribe(),
  closes: ({ conn }) => conn.close().subscribe(),
  'is destroyed': ({ conn }) => conn.destroy(),
  'is destroyed with an error': ({ conn }) => conn.destroy(new Error('enough')),
  'closes and is destroyed': ({ conn }) => {
    conn.close().subscribe();
    conn.destroy();
  },
  'is read by another': ({ conn, reading }) => {
    reading.unsubscribe();
    conn.messages$.subscribe({ error: () => {} });
  },
};

/** What one side does, and what is done to it. */
interface Fate {
  /** Whatever it is told of is a moment; at this one, the deed is done. */
  readonly at?: number;
  readonly deed?: (side: Side) => void;
  /** Its wire ends when so many bytes were written to it. */
  readonly bytes?: number;
  readonly reset?: boolean;
}

/** What has become of one side. */
class Story {
  moments = 0;
  bytes = 0;
  readonly heard: string[] = [];
  readonly sends: string[] = [];
  closed = 0;
  ended = 0;
}

/**
 * Two sides send, read, and close after a while. Whatever is done to them: what they hear is what was sent, in order, as far as it has come; each send is settled, and each
 * end told, once; what is told not to be sent does not arrive; and nobody throws.
 */
function play(kind: string, fates: { readonly [Who in Name]?: Fate } = {}): Record<Name, Story> {
  const { framing, bodies, says } = kinds[kind] as (typeof kinds)[string];
  const stories = { a: new Story(), b: new Story() };

  const onRoad =
    (name: Name) =>
    (wire: Wire): Wire => ({
      ...wire,
      ...says,
      write(bytes, done, more) {
        const { bytes: most = Number.POSITIVE_INFINITY, reset = false } = fates[name] ?? {};
        const left = Math.max(0, most - stories[name].bytes);
        stories[name].bytes += bytes.length;
        if (bytes.length <= left) return wire.write(bytes, done, more);
        if (left > 0) wire.write(bytes.subarray(0, left), () => {});
        wire.destroy({ reset });
        return false;
      },
    });

  const lives = (name: Name) => (conn: Connection) => {
    const story = stories[name];
    const { at, deed } = fates[name] ?? {};
    const sending = new Subscription();
    const side = { conn, sending, reading: new Subscription() };
    const moment = () => {
      if (story.moments++ === at) deed?.(side);
    };
    conn.closed$.subscribe(() => {
      story.closed++;
      moment();
    });
    const ends = () => {
      story.ended++;
      moment();
    };
    side.reading.add(
      (conn as unknown as BodyConnection).messages$.pipe(consume(textOf)).subscribe({
        next(message) {
          story.heard.push(message);
          moment();
        },
        error: ends,
        complete: ends,
      }),
    );
    for (const [index, message] of messagesOf(name).entries()) {
      const bytes = Buffer.from(message);
      const body = { size: bytes.length, body$: [bytes.subarray(0, 1), bytes.subarray(1)] };
      const settle = (how: string) => {
        story.sends[index] += how;
        moment();
      };
      story.sends[index] = '';
      const subscription = conn.send((bodies && index === 0 ? body : bytes) as Uint8Array).subscribe({
        complete: () => settle('taken'),
        error: ({ fate }) => settle(fate),
      });
      sending.add(subscription);
      sending.add(() => {
        if (story.sends[index] === '') story.sends[index] = 'left';
      });
    }
    timer(20).subscribe(() => conn.close().subscribe());
  };

  marbles(
    ({ net, listen, connect, flush }) => {
      const options = { framing, closeTimeoutMs: 50, ...(bodies && { bodies }) } as object;
      const transport = (name: Name) => ({
        ...net,
        listen: (...asked: Parameters<typeof net.listen>) => net.listen(...asked).pipe(map(onRoad(name))),
        dial: (...asked: Parameters<typeof net.dial>) => net.dial(...asked).pipe(map(onRoad(name))),
      });
      const server = listen(address, { ...options, transport: transport('a') }).subscribe(lives('a'));
      connect(address, { ...options, transport: transport('b') }).subscribe({
        next: lives('b'),
        error: () => {},
      });
      flush();
      server.unsubscribe();
    },
    { allow: ['undelivered', 'held'] },
  )();

  for (const name of sides) look(stories[name], stories[name === 'a' ? 'b' : 'a'], name === 'a' ? 'b' : 'a');
  return stories;
}

const textOf = (message: Uint8Array | { readonly body$: Observable<Uint8Array> }): Observable<string> =>
  message instanceof Uint8Array
    ? of(Buffer.from(message).toString())
    : message.body$.pipe(
        toArray(),
        map((parts) => Buffer.concat(parts).toString()),
      );

function look(story: Story, other: Story, otherName: Name): void {
  const { heard, sends, closed, ended } = story;
  const sent = messagesOf(otherName);
  let next = 0;
  for (const message of heard) {
    const at = sent.indexOf(message, next);
    expect(at, 'what came was sent, in order').toBeGreaterThanOrEqual(next);
    expect(other.sends[at]).not.toBe('not-sent');
    expect(other.sends.slice(next, at).filter((how) => how === 'taken')).toEqual([]);
    next = at + 1;
  }
  const wasOpened = sends.length > 0;
  expect(sends.filter((how) => !/^(taken|not-sent|unknown|left)$/.test(how))).toEqual([]);
  expect({ closed, ended: ended > 1 }).toEqual({ closed: wasOpened ? 1 : 0, ended: false });
}

/** Does to each side what can be done, behind each byte and at each moment, or at every so many of them. */
export function everyMoment(kind: string, step = 1): void {
  const usual = play(kind);
  const each = (count: (story: Story) => number, fateAt: (at: number) => Fate) => {
    for (const name of sides)
      for (let at = 0; at < count(usual[name]); at += step) play(kind, { [name]: fateAt(at) });
  };

  it('all that is sent is heard', () => {
    for (const name of sides) {
      expect(usual[name].heard).toEqual(messagesOf(name === 'a' ? 'b' : 'a'));
      expect(usual[name].sends).toEqual(['taken', 'taken', 'taken']);
    }
  });

  it.each([
    ['FIN', false],
    ['RST', true],
  ])('each side is told what is so when the other is gone by %s', (_, reset) =>
    each(
      ({ bytes }) => bytes,
      (bytes) => ({ bytes, reset }),
    ),
  );

  it.each(Object.entries(deeds))('each side is told what is so when one %s', (_, deed) =>
    each(
      ({ moments }) => moments,
      (at) => ({ at, deed }),
    ),
  );
}
