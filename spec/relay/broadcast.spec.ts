import {
  broadcast,
  type Codec,
  type Connection,
  consume,
  type Room,
  SendError,
  serve,
  text,
  tinyproto,
  type WireError,
} from 'rx-tinyproto';
import { type MarbleHelpers, marbles, record } from 'rx-tinyproto/testing';
import {
  asyncScheduler,
  catchError,
  concatMap,
  config,
  EMPTY,
  filter,
  from,
  ignoreElements,
  lastValueFrom,
  map,
  merge,
  mergeMap,
  NEVER,
  type Observable,
  of,
  range,
  take,
  takeUntil,
  tap,
  timer,
} from 'rxjs';
import { describe, expect, it } from 'vitest';

type Text = Connection<string>;
type Client = (conn: Text) => Observable<unknown>;

const codec = text();
const address = 'server:1';
const endMs = 100;
const now = () => asyncScheduler.now();

interface Joining {
  readonly codec?: Codec<string>;
}

/** Until the end of the test: a server whose connections join the room, and a client of each kind. Gives the members, in the order of the clients. */
function joined(
  { listen, connect }: MarbleHelpers,
  room: Room<string>,
  clients: readonly Client[],
  options: Joining = {},
) {
  const members: Text[] = [];
  const end$ = timer(endMs);
  listen(address, { codec, ...options })
    .pipe(
      takeUntil(end$),
      tap((conn) => members.push(conn)),
      serve((conn, { stopping$ }) => room.join(conn).pipe(takeUntil(stopping$))),
    )
    .subscribe();
  for (const client of clients) {
    const conversation$ = connect(address, { codec, ...options }).pipe(
      mergeMap(client),
      takeUntil(timer(endMs)),
    );
    conversation$.pipe(catchError(() => EMPTY)).subscribe();
  }
  return members;
}

/** Notes what it hears, and when; takes so long for each message. */
const hears =
  (heard: string[], ms = 0): Client =>
  (conn) =>
    conn.messages$.pipe(
      tap((message) => heard.push(`${now()} ${message}`)),
      consume(() => (ms === 0 ? EMPTY : timer(ms))),
      catchError((error) => of(heard.push(`${now()} ${error.code}`))),
    );

/** Takes its first message, and never another. */
const stalls: Client = (conn) => conn.messages$.pipe(consume(() => NEVER));

const letters = (count: number) => [...'abcdefghijklmnopqrstuvwxyz'].slice(0, count);

/** Sends that many letters, ten in a millisecond. */
const sends = (room: Room<string>, count: number) =>
  letters(count).forEach((letter, index) => {
    timer(1 + index / 10).subscribe(() => room.send(letter).subscribe());
  });

/** Sends that many letters at 1 ms, all at once, and notes when each was done. */
const sendsAt1 = (room: Room<string>, count: number, done: string[] = []) =>
  timer(1)
    .pipe(
      mergeMap(() => letters(count)),
      mergeMap((letter) => room.send(letter).pipe(map(() => letter))),
    )
    .subscribe((letter) => done.push(`${now()} ${letter}`));

const letterOf = (heard: readonly string[]) => heard.map((each) => each.split(' ')[1]).join('');

describe('broadcast', () => {
  it(
    'sends to all who have joined, in the same order, each at its own pace',
    marbles((helpers) => {
      const room = broadcast<string>();
      const [quick, slow]: [string[], string[]] = [[], []];
      joined(helpers, room, [hears(quick), hears(slow, 3)]);
      sendsAt1(room, 3);
      helpers.flush();
      expect(quick).toEqual(['1 a', '1 b', '1 c']);
      expect(slow).toEqual(['1 a', '4 b', '7 c']);
    }),
  );

  it(
    'sends to all but some, and to some alone',
    marbles((helpers) => {
      const room = broadcast<string>();
      const heard: string[][] = [[], [], []];
      const members = joined(
        helpers,
        room,
        heard.map((each) => hears(each)),
      );
      timer(1).subscribe(() => {
        const [a, b, c] = members as [Text, Text, Text];
        merge(
          room.send('not a', { except: a }),
          room.send('b', { to: [b, b] }),
          room.send('b and c', { to: [a, b, c], except: new Set([a]) }),
          room.send('nobody', { to: [] }),
        ).subscribe();
      });
      helpers.flush();
      expect(heard).toEqual([[], ['1 not a', '1 b', '1 b and c'], ['1 not a', '1 b and c']]);
    }),
  );

  it(
    'encodes once for all of the same framing and codec, and not at all for nobody',
    marbles((helpers) => {
      let encoded = 0;
      const counting = {
        decode: codec.decode,
        encode: (value: string) => {
          encoded++;
          return codec.encode(value);
        },
      };
      const room = broadcast<string>();
      room.send('to nobody').subscribe();
      const heard: string[] = [];
      joined(helpers, room, [hears(heard), hears(heard), hears(heard)], { codec: counting });
      sendsAt1(room, 2);
      helpers.flush();
      expect(heard).toHaveLength(6);
      expect(encoded).toBe(2);
    }),
  );

  it(
    'fails a message that cannot be encoded, and sends it to nobody',
    marbles((helpers) => {
      const room = broadcast<string>();
      const heard: string[] = [];
      joined(helpers, room, [hears(heard)]);
      const wrong$ = timer(1).pipe(mergeMap(() => room.send(7 as never)));
      helpers
        .expectObservable(wrong$)
        .toBe('-#', {}, new SendError('not-encodable', '', { fate: 'not-sent' }));
      helpers.flush();
      expect(heard).toEqual([]);
    }),
  );

  it(
    'ends the connection of a member that does not keep up, and of no other',
    marbles((helpers) => {
      const room = broadcast<string>({ maxPendingMessages: 4 });
      const [quick, slow]: [string[], string[]] = [[], []];
      const members = joined(helpers, room, [hears(quick), stalls]);
      timer(1).subscribe(() => {
        members[1]?.closed$.subscribe(({ by, error }) =>
          slow.push(`${now()} ${by} ${(error as WireError).code}`),
        );
      });
      sends(room, 22);
      helpers.flush();
      expect(letterOf(quick)).toBe(letters(22).join(''));
      expect(slow).toEqual(['3.1 us too-slow']);
    }),
  );

  /** The member takes a; 16 are in hand, b to q; 4 wait of r to y. */
  it.each([
    ['drop-oldest', 'rstu', 'abcdefghijklmnopqvwxy'],
    ['drop-newest', 'vwxy', 'abcdefghijklmnopqrstu'],
    ['latest', 'cdefghijklmnopqrstuvwx', 'aby'],
  ] as const)('with %s, drops %s', (onSlow, dropped, taken) =>
    marbles((helpers) => {
      const room = broadcast<string>({ maxPendingMessages: 4, onSlow });
      const [quick, slow, told]: [string[], string[], string[]] = [[], [], []];
      const waits: Client = (conn) =>
        conn.messages$.pipe(
          tap((message) => slow.push(`${now()} ${message}`)),
          consume((message) => (message === 'a' ? timer(20) : EMPTY)),
        );
      joined(helpers, room, [hears(quick), waits]);
      room.dropped$.subscribe(({ message, why }) => told.push(`${why} ${message}`));
      sends(room, 25);
      helpers.flush();
      expect(letterOf(quick)).toBe(letters(25).join(''));
      expect(letterOf(told)).toBe(dropped);
      expect(new Set(told.map((each) => each.split(' ')[0]))).toEqual(new Set(['slow']));
      expect(room.droppedCount).toBe(dropped.length);
      expect(letterOf(slow)).toBe(taken);
    })(),
  );

  it(
    'with wait, has the sender wait for the slowest, and drops nothing',
    marbles((helpers) => {
      const room = broadcast<string>({ maxPendingMessages: 1, onSlow: 'wait' });
      const [quick, slow, done]: [string[], string[], string[]] = [[], [], []];
      joined(helpers, room, [hears(quick), hears(slow, 1)]);
      timer(1)
        .pipe(
          mergeMap(() => letters(26)),
          concatMap((letter) => room.send(letter).pipe(map(() => letter))),
        )
        .subscribe((letter) => done.push(`${now()} ${letter}`));
      helpers.flush();
      expect(letterOf(slow)).toBe(letters(26).join(''));
      expect(done.slice(0, 17).every((each) => each.startsWith('1 '))).toBe(true);
      expect(done.at(-1)).toBe('10 z');
    }),
  );

  it(
    'with wait, lets the sender go when the slowest has left',
    marbles((helpers) => {
      const room = broadcast<string>({ maxPendingMessages: 1, onSlow: 'wait' });
      const done: string[] = [];
      const members = joined(helpers, room, [stalls]);
      sendsAt1(room, 20, done);
      timer(9).subscribe(() => members[0]?.destroy());
      helpers.flush();
      expect(done.at(-1)).toBe('9 t');
    }),
  );

  it(
    'bounds what waits in bytes, too',
    marbles((helpers) => {
      const room = broadcast<string>({ maxPendingBytes: 10, onSlow: 'drop-newest' });
      const told: string[] = [];
      room.dropped$.subscribe(({ message }) => told.push(message));
      joined(helpers, room, [stalls]);
      const all = [...letters(16), '12345678901', 'x', '12345678901'];
      timer(1).subscribe(() =>
        from(all)
          .pipe(mergeMap((each) => room.send(each)))
          .subscribe(),
      );
      helpers.flush();
      expect(told).toEqual(['x', '12345678901']);
    }),
  );

  it(
    'bounds what waits for a connection that is recorded, too',
    marbles((helpers) => {
      const { listen, connect, run, flush } = helpers;
      const room = broadcast<string>({ maxPendingBytes: 10, onSlow: 'drop-newest' });
      const told: string[] = [];
      room.dropped$.subscribe(({ message }) => told.push(message));
      const tape = record();
      const end$ = timer(endMs);
      run(
        listen(address, { codec }).pipe(
          takeUntil(end$),
          serve((conn) => room.join(tape.connection(conn)).pipe(takeUntil(end$))),
        ),
      );
      run(connect(address, { codec }).pipe(mergeMap(stalls), takeUntil(end$)));
      timer(1).subscribe(() =>
        from([...letters(16), '12345678901', 'x'])
          .pipe(mergeMap((each) => room.send(each)))
          .subscribe(),
      );
      flush();
      expect(told).toEqual(['x']);
    }),
  );

  it(
    'sends a newcomer the last messages first, but not those that were to some, or not to it',
    marbles((helpers) => {
      const room = broadcast<string>({ replay: 3 });
      const [late, early]: [string[], string[]] = [[], []];
      const members = joined(helpers, room, [hears(early)]);
      sendsAt1(room, 4);
      timer(2).subscribe(() => room.send('private', { to: members }).subscribe());
      timer(3).subscribe(() =>
        helpers
          .connect(address, { codec })
          .pipe(mergeMap(hears(late)), takeUntil(timer(50)))
          .subscribe(),
      );
      timer(4).subscribe(() => room.send('e').subscribe());
      helpers.flush();
      expect(late).toEqual(['3 b', '3 c', '3 d', '4 e']);
      expect(letterOf(early)).toBe('abcdprivatee');
    }),
  );

  it(
    'keeps count of its members',
    marbles((helpers) => {
      const room = broadcast<string>();
      const leavesAt =
        (ms: number): Client =>
        (conn) =>
          merge(conn.messages$, timer(ms).pipe(mergeMap(() => conn.close())));
      joined(helpers, room, [leavesAt(3), leavesAt(6)]);
      const some$ = room.members$.pipe(map((all) => all.size));
      helpers.expectObservable(room.size$, '20ms !').toBe('[abc]--b--a', { a: 0, b: 1, c: 2 });
      helpers.expectObservable(some$, '--!').toBe('[abc]', { a: 0, b: 1, c: 2 });
    }),
  );

  it(
    'joins as long as it is subscribed, and completes when the connection has closed',
    marbles((helpers) => {
      const room = broadcast<string>();
      const heard: string[] = [];
      helpers
        .listen(address, { codec })
        .pipe(
          takeUntil(timer(endMs)),
          serve((conn) =>
            merge(room.join(conn).pipe(takeUntil(timer(5))), room.join(conn).pipe(takeUntil(timer(9)))),
          ),
        )
        .subscribe();
      const client$ = helpers.connect(address, { codec }).pipe(mergeMap(hears(heard)));
      helpers.expectObservable(client$.pipe(ignoreElements())).toBe('9ms |');
      const joined$ = helpers.connect(address, { codec }).pipe(
        mergeMap((conn) => merge(room.join(conn), timer(3).pipe(tap(() => conn.destroy())))),
        ignoreElements(),
      );
      helpers.expectObservable(joined$).toBe('---|');
      timer(1, 4)
        .pipe(
          takeUntil(timer(20)),
          mergeMap((index) => room.send(`${index}`)),
        )
        .subscribe();
      helpers.flush();
      expect(heard).toEqual(['1 0', '5 1']);
    }),
  );

  it(
    'keeps the order of what is sent from inside, for everybody',
    marbles((helpers) => {
      const room = broadcast<string>();
      const heard: string[][] = [[], [], []];
      joined(
        helpers,
        room,
        heard.map((each) => hears(each)),
      );
      room.members$.subscribe((all) => all.size < 3 && now() > 1 && room.send('left').subscribe());
      timer(1).subscribe(() => room.send('a').subscribe(() => room.send('b').subscribe()));
      timer(2).subscribe(() => room.send('c').subscribe());
      helpers.flush();
      for (const each of heard)
        expect(each.filter((line) => !line.includes('left'))).toEqual(['1 a', '1 b', '2 c']);
    }),
  );

  it('is harmed by nobody who throws', () => {
    const reported: unknown[] = [];
    config.onUnhandledError = (error) => reported.push(error);
    marbles((helpers) => {
      const room = broadcast<string>({ maxPendingMessages: 1, onSlow: 'drop-newest' });
      const heard: string[] = [];
      joined(helpers, room, [hears(heard), stalls]);
      room.dropped$.subscribe(() => {
        throw new Error('oops');
      });
      sends(room, 20);
      helpers.flush();
      expect(letterOf(heard)).toBe(letters(20).join(''));
    })();
    config.onUnhandledError = null;
    expect(reported.length).toBeGreaterThan(0);
  });

  it('goes on with a connection of somebody else’s making that takes messages at once, or throws', () => {
    const heard: string[] = [];
    const send = (message: string) => {
      if (message === 'bad') throw new TypeError('No message');
      heard.push(message);
      return of(undefined);
    };
    const conn = { closed$: NEVER, send } as unknown as Text;
    for (const onSlow of ['drop-newest', 'latest'] as const) {
      const room = broadcast<string>({ onSlow });
      room.join(conn).subscribe();
      for (const message of ['bad', ...letters(40)]) room.send(message).subscribe();
      expect(room.droppedCount).toBe(1);
    }
    expect(heard).toEqual([...letters(40), ...letters(40)]);
  });

  it(
    'knows which message was refused, though more was sent from inside its handing over',
    marbles(({ listen, connect, flush }) => {
      const room = broadcast<string>();
      const tooLarge = 'x'.repeat(70_000);
      const members: Text[] = [];
      const options = { codec, maxQueuedMessages: 4 };
      listen(address, options)
        .pipe(
          takeUntil(timer(endMs)),
          tap((conn) => members.push(conn)),
          serve((conn, { stopping$ }) => room.join(conn).pipe(takeUntil(stopping$))),
        )
        .subscribe();
      const heard: string[] = [];
      connect(address, { codec, framing: tinyproto({ maxMessageBytes: 65_536 }) })
        .pipe(mergeMap(hears(heard)), takeUntil(timer(endMs)))
        .subscribe();
      timer(1).subscribe(() => {
        members[0]?.flow$
          .pipe(
            filter((flow) => flow === 'paused'),
            take(1),
          )
          .subscribe(() => {
            room.send('c').subscribe();
          });
        for (const message of ['a', 'b', tooLarge]) room.send(message).subscribe();
      });
      const dropped: number[] = [];
      room.dropped$.subscribe(({ message }) => dropped.push(message.length));
      flush();
      expect(dropped).toEqual([70_000]);
      expect(letterOf(heard)).toBe('abc');
    }),
  );

  it(
    'lets others have their turn, also with nobody in it, while one sends again whenever it is told',
    marbles(({ flush }) => {
      const room = broadcast<string>();
      let sent = 0;
      let sentBefore = 0;
      asyncScheduler.schedule(() => {
        sentBefore = sent;
      });
      range(3_000)
        .pipe(concatMap(() => room.send('on and on')))
        .subscribe(() => sent++);
      flush();
      expect(sent).toBe(3_000);
      expect(sentBefore).toBeLessThan(1_500);
    }),
  );

  it('tells of a burst of messages together, in order, however many they are', async () => {
    const room = broadcast<string>();
    const told: number[] = [];
    const each$ = range(5_000).pipe(mergeMap((at) => room.send('x').pipe(tap(() => told.push(at)))));
    await lastValueFrom(each$);
    expect(told).toEqual(Array.from({ length: 5_000 }, (_, at) => at));
  });

  it('refuses options that cannot be meant', () => {
    expect(() => broadcast({ maxPendingBytes: 0 })).toThrow(RangeError);
    expect(() => broadcast({ maxPendingMessages: -1 })).toThrow(RangeError);
    expect(() => broadcast({ replay: -1 })).toThrow(RangeError);
    expect(() => broadcast({ onSlow: 'sleep' as never })).toThrow(TypeError);
  });
});
