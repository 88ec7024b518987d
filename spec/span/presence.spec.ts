import { marbles, type VirtualBusEnd, virtualBus } from 'rx-tinyproto/testing';
import { asyncScheduler, ignoreElements, map, merge, mergeMap, NEVER, takeUntil, tap, timer } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { broadcast } from '../../src/span/broadcast.js';
import type { Bus } from '../../src/span/bus.js';
import type { Present, SpanningRoom } from '../../src/span/room.js';
import { codec, served } from './spanning.js';

type Room = SpanningRoom<string>;

const lobby = (bus: Bus, heartbeatMs = 100, goneMs = 300): Room =>
  broadcast<string>({ bus, name: 'lobby', codec, heartbeatMs, goneMs });

const now = () => asyncScheduler.now();
const act = (ms: number, work: () => void) => timer(ms).subscribe(work);
const stays = ({ messages$ }: { messages$: ReturnType<typeof NEVER.pipe> }) => messages$;

const named = (everyone: ReadonlyMap<string, Present>) =>
  [...everyone.values()]
    .map(({ name }) => name)
    .sort()
    .join('');

/** Notes who is there whenever that has changed. */
function watched(room: Room, untilMs: number): string[] {
  const seen: string[] = [];
  room.presence$.pipe(takeUntil(timer(untilMs)), map(named)).subscribe((names) => {
    if (seen.at(-1)?.split(' ')[1] !== names) seen.push(`${now()} ${names}`);
  });
  return seen;
}

describe('presence', () => {
  it(
    'tells everywhere who comes and goes, by name and process, and at once where it happens',
    marbles((helpers) => {
      const bus = virtualBus({ latencyMs: 3 });
      const [one, two] = [lobby(bus.end('one')), lobby(bus.end('two'))];
      const [seenOne, seenTwo] = [watched(one, 500), watched(two, 500)];
      let last: readonly Present[] = [];
      one.presence$.pipe(takeUntil(timer(500))).subscribe((everyone) => {
        if (everyone.size > 1) last = [...everyone.values()];
      });
      act(50, () => served(helpers, one, 'one:1', { a: stays }, 100));
      act(60, () => served(helpers, two, 'two:1', { b: stays }, 60));
      helpers.flush();
      expect(seenOne).toEqual(['0 ', '50 a', '63 ab', '123 a', '150 ']);
      expect(seenTwo).toEqual(['0 ', '53 a', '60 ab', '120 a', '153 ']);
      expect(last.map(({ name, process }) => `${name} ${process}`)).toEqual(['a one', 'b two']);
    }),
  );

  it(
    'tells a newcomer who is there already',
    marbles((helpers) => {
      const bus = virtualBus();
      served(helpers, lobby(bus.end()), 'one:1', { a: stays, b: stays }, 200);
      let seen: string[] = [];
      act(50, () => {
        seen = watched(lobby(bus.end()), 100);
      });
      helpers.flush();
      expect(seen).toEqual(['50 ', '70 ab']);
    }),
  );

  it(
    'tells of 1,234 who come in one turn in few letters, and of all of them to a newcomer',
    marbles((helpers) => {
      const bus = virtualBus();
      const room = lobby(bus.end(), 10_000, 30_000);
      const until = takeUntil<never>(timer(100));
      helpers.run(room.state$.pipe(ignoreElements(), until));
      let letters = 0;
      helpers.run(
        bus
          .end()
          .receive('presence.lobby')
          .pipe(
            tap(() => letters++),
            ignoreElements(),
            until,
          ),
      );
      const sizes: number[] = [];
      act(10, () => {
        const before = letters;
        const joins = Array.from({ length: 1_234 }, (_, index) => room.join(quiet(`${index}`)));
        merge(...joins)
          .pipe(until)
          .subscribe();
        act(1, () => expect(letters - before).toBe(3));
      });
      act(50, () => {
        const newcomer = lobby(bus.end(), 10_000, 30_000);
        newcomer.presence$.pipe(takeUntil(timer(40))).subscribe(({ size }) => sizes.push(size));
      });
      helpers.flush();
      expect(sizes.slice(0, 2)).toEqual([0, 1_234]);
    }),
  );

  it(
    'tells of all in letters that the bus can carry',
    marbles((helpers) => {
      const bus = virtualBus({ maxLetterBytes: 1_000 });
      const room = lobby(bus.end());
      const until = takeUntil<never>(timer(100));
      const name = '\u0001é'.repeat(40);
      const joins = Array.from({ length: 50 }, (_, index) => room.join(quiet(`${index}`), name));
      merge(...joins.slice(0, 25))
        .pipe(until)
        .subscribe();
      const sizes: number[] = [];
      act(10, () => {
        lobby(bus.end())
          .presence$.pipe(takeUntil(timer(70)))
          .subscribe(({ size }) => sizes.push(size));
      });
      act(50, () =>
        merge(...joins.slice(25))
          .pipe(takeUntil(timer(10)))
          .subscribe(),
      );
      const seen: (number | undefined)[] = [];
      for (const ms of [40, 59, 79]) act(ms, () => seen.push(sizes.at(-1)));
      helpers.flush();
      expect(seen).toEqual([25, 50, 25]);
    }),
  );

  it(
    'forgets the members of a process that has died within the stated time, and keeps the others',
    marbles((helpers) => {
      const bus = virtualBus();
      const dying = bus.end();
      const [one, two, three] = [lobby(dying), lobby(bus.end()), lobby(bus.end())];
      served(helpers, one, 'one:1', { a: stays, b: stays }, 1_000);
      served(helpers, two, 'two:1', { c: stays }, 1_000);
      const seen = watched(three, 990);
      act(250, () => dying.kill());
      helpers.flush();
      // Its last heartbeat was at 200: it is gone 300 ms later, or a heartbeat after that.
      expect(seen).toEqual(['0 ', '0 ab', '0 abc', '500 c']);
    }),
  );

  it(
    'forgets those of a process that leaves at once',
    marbles((helpers) => {
      const bus = virtualBus();
      const [one, two] = [lobby(bus.end()), lobby(bus.end())];
      const seen = watched(two, 500);
      const leaves$ = helpers.listen('one:1', { codec }).pipe(
        takeUntil(timer(400)),
        mergeMap((conn) => one.join(conn, 'a').pipe(takeUntil(timer(130)))),
      );
      helpers.run(leaves$);
      helpers.run(helpers.connect('one:1', { codec }).pipe(takeUntil(timer(400))));
      helpers.flush();
      expect(seen).toEqual(['0 ', '0 a', '130 ']);
    }),
  );

  it(
    'is right again after a loss of the bus, whatever happened meanwhile',
    marbles((helpers) => {
      const bus = virtualBus();
      const [end, other] = [bus.end(), bus.end()];
      const [one, two] = [lobby(end), lobby(other)];
      served(helpers, one, 'one:1', { a: stays }, 240);
      const seen = watched(two, 1_000);
      act(210, () => other.cut());
      act(220, () => served(helpers, one, 'one:2', { b: stays }, 600));
      act(290, () => other.repair());
      helpers.flush();
      expect(seen).toEqual(['0 ', '0 a', '310 b', '820 ']);
    }),
  );

  it(
    'shows those alone who are here while the bus is away for long',
    marbles((helpers) => {
      const bus = virtualBus();
      const other = bus.end();
      const [one, two] = [lobby(bus.end()), lobby(other)];
      served(helpers, one, 'one:1', { a: stays }, 1_000);
      served(helpers, two, 'two:1', { b: stays }, 1_000);
      const seen = watched(two, 990);
      act(210, () => other.cut());
      helpers.flush();
      expect(seen.at(-1)).toBe('500 b');
    }),
  );

  it(
    'finds a lost letter with the next heartbeat',
    marbles((helpers) => {
      const bus = virtualBus();
      const [end, other] = [bus.end(), bus.end()];
      const [one, two] = [lobby(lossy(end, 'change')), lobby(other)];
      const seen = watched(two, 400);
      act(50, () => served(helpers, one, 'one:1', { a: stays }, 340));
      helpers.run(one.state$.pipe(takeUntil(timer(395))));
      helpers.flush();
      expect(seen).toEqual(['0 ', '120 a', '395 ']);
    }),
  );

  it(
    'forgets who was in a room of before when it is made anew, though that said no word of farewell',
    marbles((helpers) => {
      const bus = virtualBus();
      const end = bus.end('one');
      const seen = watched(lobby(bus.end()), 990);
      served(helpers, lobby(lossy(end, 'bye')), 'one:1', { a: stays }, 150);
      act(160, () => served(helpers, lobby(end), 'one:2', { b: stays }, 800));
      helpers.flush();
      expect(seen.at(-2)).toMatch(/^\d+ b$/);
    }),
  );

  it(
    'is harmed by no letter that somebody else writes',
    marbles((helpers) => {
      const bus = virtualBus();
      const stranger = bus.end();
      helpers.run(stranger.state$.pipe(takeUntil(timer(400)), ignoreElements()));
      const room = lobby(bus.end());
      const states: string[] = [];
      room.state$.pipe(takeUntil(timer(400))).subscribe({
        next: ({ state }) => states.push(state),
        error: (error) => states.push(String(error)),
      });
      served(helpers, room, 'one:1', { a: stays }, 390);
      const seen = watched(room, 380);
      const letters = [
        '',
        'null',
        '7',
        '{}',
        '{"kind":"roll"}',
        '{"kind":"roll","revision":1,"sent":1,"page":0,"pages":1,"members":null}',
        '{"kind":"roll","revision":1,"sent":1,"page":0,"pages":1,"members":[null]}',
        '{"kind":"change","revision":1,"joined":[{"name":7}],"left":[]}',
        '{"kind":"change","revision":0}',
        '{"kind":"change","revision":0,"joined":[],"left":[{}]}',
        '{"kind":"beat","revision":"x","sent":{}}',
        '{"kind":"toString"}',
      ];
      for (const [index, letter] of letters.entries())
        act(50 + index, () => {
          const bytes = new TextEncoder().encode(letter);
          stranger.publish('presence.lobby', { from: 'stranger/1', number: index, bytes }).subscribe();
        });
      helpers.flush();
      expect(states).toEqual(['connecting', 'up']);
      expect(seen).toEqual(['0 ', '0 a']);
    }),
  );

  it(
    'ages nobody when somebody sets the clock, and loses sight of nobody dead',
    marbles((helpers) => {
      const bus = virtualBus();
      const dying = bus.end();
      const clock = vi.spyOn(asyncScheduler, 'now');
      const [one, two, three] = [lobby(dying), lobby(bus.end()), lobby(bus.end())];
      served(helpers, one, 'one:1', { a: stays }, 1_500);
      served(helpers, two, 'two:1', { b: stays }, 1_500);
      const seen: string[] = [];
      three.presence$.pipe(takeUntil(timer(1_490)), map(named)).subscribe((names) => {
        if (seen.at(-1)?.split(' ')[1] !== names) seen.push(`${helpers.now()} ${names}`);
      });
      for (const [ms, offsetMs] of [
        [250, -3_600_000],
        [650, 3_600_000],
        [710, 0],
      ] as const)
        act(ms, () => clock.mockImplementation(() => helpers.now() + offsetMs));
      act(850, () => clock.mockImplementation(() => helpers.now() - 3_600_000));
      act(860, () => dying.kill());
      helpers.flush();
      clock.mockRestore();
      expect(seen.slice(0, 3)).toEqual(['0 ', '0 a', '0 ab']);
      expect(seen[3]).toMatch(/^1[12]00 b$/);
    }),
  );

  it('refuses a name that is no name for all to read', () => {
    const room = lobby(virtualBus().end());
    expect(() => room.join(quiet('a'), 'x'.repeat(257))).toThrow(RangeError);
  });
});

/** Loses the letters of a kind. */
function lossy(end: VirtualBusEnd, kind: string): Bus {
  return {
    ...end,
    publish: (subject, letter) =>
      new TextDecoder().decode(letter.bytes).includes(`"${kind}"`)
        ? timer(0).pipe(map(() => undefined))
        : end.publish(subject, letter),
  };
}

/** A connection that is never sent anything. */
function quiet(id: string) {
  return { id, closed$: NEVER } as never;
}
