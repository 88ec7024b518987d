import {
  broadcast,
  type Connection,
  type Framing,
  failover,
  lengthPrefixed,
  lines,
  reconnect,
  serve,
  text,
  tinyproto,
} from 'rx-tinyproto';
import { type MarbleHelpers, marbles } from 'rx-tinyproto/testing';
import { merge, mergeMap, takeUntil, tap, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';

type Text = Connection<string>;

const codec = text();
const shouting = { ...codec, encode: (message: string) => codec.encode(message.toUpperCase()) };
const inLines = { framing: lines(), codec };
const binary = lengthPrefixed({ size: 1 });
const narrow = { windowBytes: 20 };

/** Members of a room, one for each peer; a peer reads nothing before 10 ms, and what it reads then is all that came. */
function peers({ listen, net, run }: MarbleHelpers, room: ReturnType<typeof broadcast<string>>, count = 1) {
  const members: Text[] = [];
  const came = Array.from({ length: count }, () => '');
  run(
    listen('server:1', inLines).pipe(
      takeUntil(timer(30)),
      tap((conn) => members.push(conn)),
      serve((conn, { stopping$ }) => room.join(conn).pipe(takeUntil(stopping$))),
    ),
  );
  for (const index of came.keys())
    run(
      net.dial('server:1').pipe(
        tap((wire) => {
          wire.pause();
          timer(10).subscribe(() => wire.resume());
          timer(30).subscribe(() => wire.destroy());
          wire.bytes$.subscribe({
            next: (bytes) => (came[index] += Buffer.from(bytes).toString('latin1')),
            error: () => {},
          });
        }),
      ),
    );
  return { members, came };
}

const words = (count: number) => Array.from({ length: count }, (_, index) => `m${index}`);
const inLine = (word: string) => `${word}\n`;
const sized = (word: string) => `${String.fromCharCode(word.length)}${word}`;
const sendAll = (room: ReturnType<typeof broadcast<string>>, all: readonly string[]) => {
  for (const word of all) room.send(word).subscribe();
};

describe('a member whose connection is reframed', () => {
  it(
    'is sent what waits in what it speaks now, with the codec that it has now, and in order',
    marbles((helpers) => {
      const room = broadcast<string>();
      const { members, came } = peers(helpers, room);
      timer(1).subscribe(() => sendAll(room, words(20)));
      timer(5).subscribe(() => members[0]?.reframe({ framing: binary, codec: shouting }));
      timer(6).subscribe(() => sendAll(room, ['last']));
      helpers.flush();
      // 16 were in the hands of the connection, and on their way.
      expect(came).toEqual([
        [...words(16).map(inLine), ...['M16', 'M17', 'M18', 'M19', 'LAST'].map(sized)].join(''),
      ]);
      expect(room.droppedCount).toBe(0);
    }, narrow),
  );

  it(
    'waits for the opening of what it speaks now',
    marbles((helpers) => {
      const room = broadcast<string>();
      const { members, came } = peers(helpers, room);
      timer(1).subscribe(() => sendAll(room, words(17)));
      timer(5).subscribe(() => members[0]?.reframe({ framing: tinyproto(), codec }));
      helpers.flush();
      expect(came).toEqual([`${words(16).map(inLine).join('')}\xff`]);
    }, narrow),
  );

  it(
    'shares with the others of its kind what is encoded anew',
    marbles((helpers) => {
      let encoded = 0;
      const counting = {
        ...codec,
        encode: (message: string) => {
          encoded++;
          return codec.encode(message);
        },
      };
      const room = broadcast<string>();
      const { members, came } = peers(helpers, room, 3);
      timer(1).subscribe(() => sendAll(room, words(18)));
      timer(5).subscribe(() => {
        for (const one of members.slice(0, 2)) one.reframe({ framing: binary, codec: counting });
      });
      helpers.flush();
      const before = words(16).map(inLine).join('');
      const anew = `${before}${sized('m16')}${sized('m17')}`;
      expect(came).toEqual([anew, anew, `${before}m16\nm17\n`]);
      expect(encoded).toBe(2);
    }, narrow),
  );

  it(
    'is not sent what cannot go in what it speaks now, and that is told; the rest goes',
    marbles((helpers) => {
      const room = broadcast<string>({ maxPendingMessages: 5_000, maxPendingBytes: 1 << 24 });
      const told: string[] = [];
      const { members, came } = peers(helpers, room);
      const long = (index: number) => `${index} ${'.'.repeat(300)}`;
      const many = Array.from({ length: 4_000 }, (_, index) => long(index));
      room.dropped$.subscribe(({ message, why }) => told.push(`${why} ${message.split(' ')[0]}`));
      timer(1).subscribe(() => sendAll(room, [...words(16), ...many, 'short']));
      timer(5).subscribe(() => members[0]?.reframe({ framing: binary, codec }));
      helpers.flush();
      expect(came).toEqual([`${words(16).map(inLine).join('')}${sized('short')}`]);
      expect(told).toEqual(many.map((_, index) => `refused ${index}`));
    }, narrow),
  );

  it(
    'by way of `reconnect`, is sent what waited for a wire in what the next one speaks',
    marbles((helpers) => {
      const room = broadcast<string>();
      const speaks = (address: string, framing: Framing, ms: number) => {
        const heard: string[] = [];
        helpers.run(
          helpers.listen(address, { framing, codec }).pipe(
            takeUntil(timer(ms)),
            serve((conn, { stopping$ }) =>
              conn.messages$.pipe(
                tap((word) => heard.push(word)),
                takeUntil(stopping$),
              ),
            ),
          ),
        );
        return heard;
      };
      const first = speaks('first:1', lines(), 5);
      const second = speaks('second:1', binary, 50);
      const logical$ = failover(
        helpers.connect('first:1', inLines),
        helpers.connect('second:1', { framing: binary, codec }),
      ).pipe(
        reconnect({
          minDelayMs: 10,
          maxDelayMs: 10,
          random: () => 1,
          onEnd: 'reconnect',
          whileAway: 'queue',
        }),
        mergeMap((conn) => merge(room.join(conn), conn.messages$)),
        takeUntil(timer(40)),
      );
      helpers.run(logical$);
      timer(1).subscribe(() => sendAll(room, ['a']));
      timer(8).subscribe(() => sendAll(room, ['b', 'c']));
      timer(30).subscribe(() => sendAll(room, ['d']));
      helpers.flush();
      expect([first, second]).toEqual([['a'], ['b', 'c', 'd']]);
    }),
  );
});
