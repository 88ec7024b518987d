import { consume, SendError } from 'rx-tinyproto';
import { type MarbleHelpers, marbles, type VirtualBusEnd, virtualBus } from 'rx-tinyproto/testing';
import {
  asyncScheduler,
  catchError,
  concat,
  EMPTY,
  map,
  merge,
  mergeMap,
  NEVER,
  type Observable,
  take,
  takeUntil,
  tap,
  timer,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import { broadcast } from '../../src/span/broadcast.js';
import type { Missed, SpanningOptions, SpanningRoom } from '../../src/span/room.js';
import { type Client, codec, served, type Text } from './spanning.js';

const endMs = 100;
const now = () => asyncScheduler.now();
const lobby = (bus: VirtualBusEnd, options: Partial<SpanningOptions<string>> = {}) =>
  broadcast<string>({ bus, name: 'lobby', codec, ...options });

/** Notes what it hears, and when. */
const hears =
  (heard: string[], ms = 0): Client =>
  (conn) =>
    conn.messages$.pipe(
      tap((message) => heard.push(`${now()} ${message}`)),
      consume(() => (ms === 0 ? EMPTY : timer(ms))),
    );
const silent: Client = (conn) => conn.messages$;

const at = (ms: number, work: () => Observable<unknown>) => timer(ms).pipe(mergeMap(work));
const act = (ms: number, work: () => void) => timer(ms).subscribe(work);
const words = (heard: readonly string[]) => heard.map((each) => each.replace(/^\S+ /, ''));
const untilEnd = <T>(stream$: Observable<T>) => stream$.pipe(takeUntil(timer(endMs)));

/** Until the end of the test: how a stream ended, as the code and the fate of its error, or `done`, and when. */
function ending(stream$: Observable<unknown>, into: string[]): void {
  stream$.subscribe({
    error: (error) =>
      into.push(`${now()} ${error instanceof SendError ? `${error.code} ${error.fate}` : String(error)}`),
    complete: () => into.push(`${now()} done`),
  });
}

describe('broadcast over a bus', () => {
  it(
    'sends to the members in all processes, and gives nobody back what its own process sent',
    marbles((helpers) => {
      const bus = virtualBus({ latencyMs: 2 });
      const [one, two, three] = [lobby(bus.end()), lobby(bus.end()), lobby(bus.end())];
      const heard: string[][] = [[], [], [], []];
      const [a, b, c, d] = heard.map((each) => hears(each)) as [Client, Client, Client, Client];
      served(helpers, one, 'one:1', { a, b }, endMs);
      served(helpers, two, 'two:1', { c }, endMs);
      served(helpers, three, 'three:1', { d }, endMs);
      at(10, () => merge(one.send('m'), one.send('n'))).subscribe();
      helpers.flush();
      expect(heard).toEqual([
        ['10 m', '10 n'],
        ['10 m', '10 n'],
        ['12 m', '12 n'],
        ['12 m', '12 n'],
      ]);
    }),
  );

  it(
    'crosses to each process once, and is encoded once and decoded once there, for any number of members',
    marbles((helpers) => {
      const bus = virtualBus();
      const [first, second] = [bus.end(), bus.end()];
      let [encoded, decoded, crossed] = [0, 0, 0];
      const counting = {
        encode: (value: string) => {
          encoded++;
          return codec.encode(value);
        },
        decode: (bytes: Uint8Array) => {
          decoded++;
          return codec.decode(bytes);
        },
      };
      const [one, two] = [lobby(first, { codec: counting }), lobby(second, { codec: counting })];
      untilEnd(second.receive('messages.lobby')).subscribe(() => crossed++);
      const heard: string[] = [];
      const joins = (address: string, room: typeof one) =>
        helpers.listen(address, { codec: counting }).pipe(
          takeUntil(timer(endMs)),
          mergeMap((conn) => room.join(conn)),
        );
      merge(joins('one:1', one), joins('two:1', two)).subscribe();
      const clients = ['one:1', 'one:1', 'two:1', 'two:1', 'two:1'].map((address) =>
        helpers.connect(address, { codec }).pipe(mergeMap(hears(heard))),
      );
      untilEnd(merge(...clients)).subscribe();
      at(10, () => one.send('m')).subscribe();
      helpers.flush();
      expect(heard).toHaveLength(5);
      expect({ encoded, decoded, crossed }).toEqual({ encoded: 1, decoded: 1, crossed: 1 });
    }),
  );

  it(
    'keeps out of a message those who are excepted here, and keeps here what is for some',
    marbles((helpers) => {
      const bus = virtualBus();
      const [one, two] = [lobby(bus.end()), lobby(bus.end())];
      const heard: string[][] = [[], [], []];
      const [a, b, c] = heard.map((each) => hears(each)) as [Client, Client, Client];
      const members = served(helpers, one, 'one:1', { a, b }, endMs);
      served(helpers, two, 'two:1', { c }, endMs);
      at(10, () => {
        const [first, second] = members as [Text, Text];
        return merge(one.send('not a', { except: first }), one.send('b alone', { to: second }));
      }).subscribe();
      helpers.flush();
      expect(heard.map(words)).toEqual([[], ['not a', 'b alone'], ['not a']]);
    }),
  );

  it(
    'completes a send when the bus has it, and not before',
    marbles((helpers) => {
      const bus = virtualBus({ latencyMs: 3 });
      const room = lobby(bus.end());
      helpers.run(untilEnd(room.state$));
      helpers.expectObservable(at(10, () => room.send('m').pipe(map(() => 'x')))).toBe('10ms ------(x|)');
    }),
  );

  it(
    'opens the bus for a send alone, and closes it behind that',
    marbles((helpers) => {
      const end = virtualBus().end();
      let open = 0;
      const counted: VirtualBusEnd = {
        ...end,
        state$: end.state$.pipe(
          tap({ subscribe: () => open++, unsubscribe: () => open--, finalize: () => {} }),
        ),
      };
      const room = lobby(counted);
      const done: string[] = [];
      ending(room.send('m'), done);
      expect(open).toBe(1);
      helpers.flush();
      expect(done).toEqual(['0 done']);
      expect(open).toBe(0);
    }),
  );

  it(
    'keeps for all processes the order of what is sent from inside',
    marbles((helpers) => {
      const bus = virtualBus();
      const [one, two] = [
        lobby(bus.end(), { onSlow: 'drop-newest', maxPendingMessages: 1 }),
        lobby(bus.end()),
      ];
      const [here, there]: [string[], string[]] = [[], []];
      const stalls: Client = (conn) => conn.messages$.pipe(consume(() => NEVER));
      served(helpers, one, 'one:1', { a: hears(here), b: stalls }, endMs);
      served(helpers, two, 'two:1', { c: hears(there) }, endMs);
      one.dropped$
        .pipe(
          take(1),
          mergeMap(({ message }) => one.send(`not ${message}`)),
        )
        .subscribe();
      timer(10, 1)
        .pipe(
          take(25),
          mergeMap((index) => one.send(`${index}`)),
        )
        .subscribe();
      helpers.flush();
      expect(words(here)).toContain('not 18');
      expect(words(there)).toEqual(words(here));
      expect(two.missedCount).toBe(0);
    }),
  );

  it(
    'keeps the order of what waits for the bus, though its failing sends more',
    marbles((helpers) => {
      const bus = virtualBus({ maxLetterBytes: 10 });
      const [one, two] = [lobby(bus.end()), lobby(bus.end())];
      const heard: string[] = [];
      served(helpers, two, 'two:1', { b: hears(heard) }, endMs);
      at(10, () =>
        merge(
          one.send('a'),
          one.send('too large for this').pipe(catchError(() => one.send('c'))),
          one.send('b'),
        ),
      ).subscribe();
      helpers.flush();
      expect(words(heard)).toEqual(['a', 'b', 'c']);
    }),
  );

  it(
    'is heard, and hears its history, when it is made anew under its name',
    marbles((helpers) => {
      const bus = virtualBus({ keeps: 10 });
      const end = bus.end();
      const [heard, anew]: [string[], string[]] = [[], []];
      served(helpers, lobby(bus.end()), 'two:1', { b: hears(heard) }, endMs);
      const sends = (ms: number, room: SpanningRoom<string>, all: readonly string[]) =>
        at(ms, () => concat(...all.map((word) => room.send(word)))).subscribe();
      sends(10, lobby(end), ['a', 'b', 'c']);
      act(20, () => {
        const again = lobby(end, { replay: 10 });
        served(helpers, again, 'one:1', { a: hears(anew) }, 60);
        sends(5, again, ['d', 'e']);
      });
      helpers.flush();
      expect(words(heard)).toEqual(['a', 'b', 'c', 'd', 'e']);
      expect(words(anew)).toEqual(['a', 'b', 'c', 'd', 'e']);
    }),
  );

  it(
    'fails what cannot be encoded or carried, and sends it to nobody',
    marbles((helpers) => {
      const bus = virtualBus({ maxLetterBytes: 10 });
      const room = lobby(bus.end());
      const heard: string[] = [];
      served(helpers, room, 'one:1', { a: hears(heard) }, endMs);
      const failed: string[] = [];
      act(10, () => {
        ending(room.send(7 as never), failed);
        ending(room.send('x'.repeat(11)), failed);
      });
      helpers.flush();
      expect(failed).toEqual(['10 not-encodable not-sent', '10 message-too-large not-sent']);
      expect(heard).toEqual([]);
    }),
  );

  it('takes bytes where it has no codec, and nothing else', () => {
    const room = broadcast<unknown>({ bus: virtualBus().end(), name: 'lobby' });
    expect(() => room.send('text')).toThrow(TypeError);
  });

  it('refuses options that cannot be meant', () => {
    const bus = virtualBus().end();
    expect(() => lobby(bus, { name: 'a b' })).toThrow(TypeError);
    expect(() => lobby(bus, { name: 'a.*' })).toThrow(TypeError);
    expect(() => lobby(bus, { name: 'a..b' })).toThrow(TypeError);
    expect(() => lobby(bus, { name: '>' })).toThrow(TypeError);
    expect(() => lobby(bus, { name: 'x'.repeat(257) })).toThrow(RangeError);
    expect(() => lobby(bus, { whileAway: 'sleep' as never })).toThrow(TypeError);
    expect(() => lobby(bus, { goneMs: 1_000, heartbeatMs: 1_000 })).toThrow(RangeError);
    expect(() => lobby(bus, { maxQueuedBytes: 0 })).toThrow(RangeError);
  });
});

describe('broadcast over a bus that is lost', () => {
  const states = (room: ReturnType<typeof lobby>) => room.state$.pipe(map(({ state }) => state));

  it(
    'says so, and says when it is back',
    marbles((helpers) => {
      const end = virtualBus().end();
      const letters = { c: 'connecting', u: 'up', a: 'away' };
      act(10, () => end.cut());
      act(20, () => end.repair());
      helpers.expectObservable(states(lobby(end)), '^ 30ms !').toBe('(cu) 6ms a 9ms u', letters);
    }),
  );

  /** Cut at 10, repaired at 20; sent at 5, 15 and 25. */
  function losing(helpers: MarbleHelpers, options: Partial<SpanningOptions<string>>) {
    const bus = virtualBus();
    const [end, other] = [bus.end(), bus.end()];
    const [one, two] = [lobby(end, options), lobby(other)];
    const [here, there, done]: [string[], string[], string[]] = [[], [], []];
    const missed: Missed[] = [];
    two.missed$.subscribe((each) => missed.push(each));
    served(helpers, one, 'one:1', { a: hears(here) }, endMs);
    served(helpers, two, 'two:1', { b: hears(there) }, endMs);
    act(10, () => end.cut());
    act(20, () => end.repair());
    for (const [ms, word] of [
      [5, 'x'],
      [15, 'y'],
      [25, 'z'],
    ] as const)
      act(ms, () => ending(one.send(word), done));
    helpers.flush();
    return { here, there, done, missed: missed.map(({ count, why }) => `${count} ${why}`) };
  }

  it(
    "fails sends with 'fail', and gives what failed to nobody",
    marbles((helpers) => {
      expect(losing(helpers, {})).toEqual({
        here: ['5 x', '25 z'],
        there: ['5 x', '25 z'],
        done: ['5 done', '15 bus-away not-sent', '25 done'],
        missed: [],
      });
    }),
  );

  it(
    "goes on with the members here with 'local-only', and the others see that they missed it",
    marbles((helpers) => {
      expect(losing(helpers, { whileAway: 'local-only' })).toEqual({
        here: ['5 x', '15 y', '25 z'],
        there: ['5 x', '25 z'],
        done: ['5 done', '15 done', '25 done'],
        missed: ['1 lost'],
      });
    }),
  );

  it(
    "keeps it for the others with 'queue', and completes when they have it",
    marbles((helpers) => {
      expect(losing(helpers, { whileAway: 'queue' })).toEqual({
        here: ['5 x', '15 y', '25 z'],
        there: ['5 x', '20 y', '25 z'],
        done: ['5 done', '20 done', '25 done'],
        missed: [],
      });
    }),
  );

  it(
    'keeps so many and no more, and what it does not keep goes to nobody',
    marbles((helpers) => {
      const end = virtualBus().end();
      const room = lobby(end, { whileAway: 'queue', maxQueuedMessages: 2 });
      const [heard, done]: [string[], string[]] = [[], []];
      served(helpers, room, 'one:1', { a: hears(heard) }, endMs);
      act(10, () => end.cut());
      act(15, () => {
        for (const word of ['x', 'y', 'z']) ending(room.send(word), done);
      });
      act(20, () => end.repair());
      helpers.flush();
      expect(heard).toEqual(['15 x', '15 y']);
      expect(done).toEqual(['15 queue-full not-sent', '20 done', '20 done']);
    }),
  );

  /** Sent at 10, there at 15, known to be there at 20: cut at 12, it is lost; cut at 17, it has arrived. */
  it.each([
    ['fail', 12, [], ['12 bus-away unknown']],
    ['fail', 17, ['15 m'], ['17 bus-away unknown']],
    ['local-only', 12, [], ['12 done']],
    ['local-only', 17, ['15 m'], ['17 done']],
    ['queue', 12, ['35 m'], ['40 done']],
    ['queue', 17, ['15 m'], ['40 done']],
  ] as const)(
    'with %s, cut at %i ms under a message, gives it to each once at most',
    (whileAway, cut, there, done) =>
      marbles((helpers) => {
        const bus = virtualBus({ latencyMs: 5 });
        const [end, other] = [bus.end(), bus.end()];
        const [one, two] = [lobby(end, { whileAway }), lobby(other)];
        const [heard, ended]: [string[], string[]] = [[], []];
        served(helpers, one, 'one:1', { a: silent }, endMs);
        served(helpers, two, 'two:1', { b: hears(heard) }, endMs);
        act(10, () => ending(one.send('m'), ended));
        act(cut, () => end.cut());
        act(30, () => end.repair());
        helpers.flush();
        expect(heard).toEqual(there);
        expect(ended).toEqual(done);
      })(),
  );

  it(
    'tells how many it missed while it was away itself: by the next number, or by a heartbeat',
    marbles((helpers) => {
      const bus = virtualBus();
      const [end, other] = [bus.end('one'), bus.end('two')];
      const [one, two] = [lobby(end, { heartbeatMs: 30, goneMs: 90 }), lobby(other)];
      const [missed, heard]: [string[], string[]] = [[], []];
      two.missed$.subscribe(({ process, count, why }) => missed.push(`${now()} ${process} ${count} ${why}`));
      served(helpers, one, 'one:1', { a: silent }, endMs);
      served(helpers, two, 'two:1', { b: hears(heard) }, endMs);
      const sends = (ms: number, word: string) => at(ms, () => one.send(word)).subscribe();
      for (const [ms, word] of [
        [5, 'k'],
        [12, 'l'],
        [13, 'm'],
        [22, 'n'],
        [42, 'o'],
      ] as const)
        sends(ms, word);
      for (const [cut, repair] of [
        [10, 21],
        [40, 50],
      ] as const) {
        act(cut, () => other.cut());
        act(repair, () => other.repair());
      }
      helpers.flush();
      expect(words(heard)).toEqual(['k', 'n']);
      expect(missed).toEqual(['22 one 2 lost', '60 one 1 lost']);
      expect(two.missedCount).toBe(3);
    }),
  );
});

describe('broadcast over a bus, to slow members', () => {
  it(
    'drops for them as a room of one process does, and tells',
    marbles(
      (helpers) => {
        const bus = virtualBus();
        const [one, two] = [
          lobby(bus.end()),
          lobby(bus.end(), { onSlow: 'drop-newest', maxPendingMessages: 4 }),
        ];
        const dropped: string[] = [];
        two.dropped$.subscribe(({ message, why }) => dropped.push(`${message} ${why}`));
        served(helpers, one, 'one:1', { a: silent }, endMs);
        served(helpers, two, 'two:1', { b: ({ messages$ }) => messages$.pipe(consume(() => NEVER)) }, endMs);
        at(10, () => merge(...Array.from({ length: 21 }, (_, index) => one.send(`${index}`)))).subscribe();
        helpers.flush();
        expect(dropped).toEqual(['20 slow']);
        expect(two.droppedCount).toBe(1);
      },
      { allow: ['held'] },
    ),
  );

  it(
    "has what comes wait for them with 'wait', up to a bound, and tells what it dropped beyond",
    marbles((helpers) => {
      const bus = virtualBus();
      const two = lobby(bus.end(), { onSlow: 'wait', maxPendingMessages: 1, maxArrivingMessages: 3 });
      const one = lobby(bus.end());
      const [heard, missed]: [string[], string[]] = [[], []];
      two.missed$.subscribe(({ count, why }) => missed.push(`${count} ${why}`));
      served(helpers, one, 'one:1', { a: silent }, endMs);
      served(helpers, two, 'two:1', { b: hears(heard, 1) }, endMs);
      for (let index = 0; index < 24; index++)
        at(10 + index / 100, () => one.send(String.fromCharCode(97 + index))).subscribe();
      helpers.flush();
      // One is at work, 16 are in hand, one waits and holds those behind it, of which there may be two.
      expect(words(heard).join('')).toBe('abcdefghijklmnopqrst');
      expect(missed).toEqual(['1 slow', '1 slow', '1 slow', '1 slow']);
    }),
  );
});

describe('broadcast over a bus that keeps a history', () => {
  it(
    'sends a newcomer what was sent before its process was there, and then what comes',
    marbles((helpers) => {
      const bus = virtualBus({ keeps: 5, latencyMs: 1 });
      const one = lobby(bus.end());
      helpers.run(untilEnd(one.state$));
      for (const [index, word] of ['a', 'b', 'c', 'd'].entries())
        at(5 + index, () => one.send(word)).subscribe();
      const heard: string[] = [];
      at(20, () => {
        served(helpers, lobby(bus.end(), { replay: 3 }), 'two:1', { b: hears(heard) }, 80);
        return one.send('e'); // while the history is being read: it comes as part of it, and by itself
      }).subscribe();
      at(30, () => one.send('f')).subscribe();
      helpers.flush();
      expect(words(heard).join('')).toBe('cdef');
    }),
  );

  it(
    'fills in as much as a member has room for, and tells of the rest',
    marbles(
      (helpers) => {
        const bus = virtualBus({ keeps: 100 });
        const [end, other] = [bus.end(), bus.end()];
        const [one, two] = [lobby(end), lobby(other, { replay: 100 })];
        const heard: string[] = [];
        const missed: string[] = [];
        const sends = (ms: number, first: number, count: number) =>
          at(ms, () =>
            merge(
              ...Array.from({ length: count }, (_, index) =>
                one.send(`${first + index}${'.'.repeat(30_000)}`),
              ),
            ),
          ).subscribe();
        helpers.run(untilEnd(one.state$));
        two.missed$.subscribe(({ count, why }) => missed.push(`${count} ${why}`));
        sends(5, 1, 50);
        act(10, () => served(helpers, two, 'two:1', { b: hears(heard) }, endMs));
        act(40, () => other.cut());
        sends(45, 51, 50);
        act(50, () => other.repair());
        sends(70, 101, 1);
        helpers.flush();
        // 34 of 30 KB each are as much as one may have waiting.
        const numbers = (first: number, last: number) =>
          Array.from({ length: last - first + 1 }, (_, index) => `${first + index}`);
        expect(words(heard).map((each) => each.replace(/\.+$/, ''))).toEqual([
          ...numbers(17, 50),
          ...numbers(67, 101),
        ]);
        expect(missed).toEqual(['16 lost']);
      },
      { windowBytes: 1 << 20 },
    ),
  );

  it(
    'fills in what it missed while it was away, each once',
    marbles((helpers) => {
      const bus = virtualBus({ keeps: 10 });
      const [end, other] = [bus.end(), bus.end()];
      const [one, two] = [lobby(end), lobby(other, { replay: 10 })];
      const heard: string[] = [];
      served(helpers, one, 'one:1', { a: silent }, endMs);
      served(helpers, two, 'two:1', { b: hears(heard) }, endMs);
      for (const [ms, word] of [
        [5, 'a'],
        [12, 'b'],
        [13, 'c'],
        [25, 'd'],
      ] as const)
        at(ms, () => one.send(word)).subscribe();
      act(10, () => other.cut());
      act(20, () => other.repair());
      helpers.flush();
      expect(heard).toEqual(['5 a', '20 b', '20 c', '25 d']);
      expect(two.missedCount).toBe(0);
    }),
  );
});
