import { type Connection, consume, serve, type TinyprotoOptions } from 'rx-tinyproto';
import { marbles } from 'rx-tinyproto/testing';
import {
  asyncScheduler,
  catchError,
  concatMap,
  EMPTY,
  from,
  ignoreElements,
  merge,
  mergeMap,
  range,
  takeUntil,
  tap,
  timer,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import { metered, unconsumedBound } from '../helpers/metered.js';
import { numbered, numberOf } from '../helpers/relayed.js';

const server = 'server:1';
/** Plain sends, which no answer overtakes: each side's answers wait behind all of its requests. */
const floods = (conn: Connection) =>
  merge(
    conn.messages$.pipe(consume((message) => conn.send(message))),
    range(500).pipe(mergeMap((index) => conn.send(numbered(index)))),
  );

/** Streams requests, and answers each with so many. */
const answersWith = (answers: number, requests: number) => (conn: Connection) => {
  function* all() {
    for (let index = 0; index < requests; index++) yield numbered(2 * index);
  }
  const answer = (message: Uint8Array) => {
    const number = numberOf(message);
    if (number % 2 === 1) return EMPTY;
    return from(Array.from({ length: answers }, () => numbered(number + 1))).pipe(
      concatMap((each) => conn.send(each)),
    );
  };
  return merge(conn.sendAll(all()), conn.messages$.pipe(consume(answer)));
};

const bothDo = (options: TinyprotoOptions, handler: (conn: Connection) => ReturnType<typeof floods>) => {
  const [ours, theirs] = [metered(options), metered(options)];
  const ends: string[] = [];
  const told = (error: { code: string; cause?: { code?: string } }) => {
    ends.push(`${asyncScheduler.now()} ${error.cause?.code ?? error.code}`);
    return EMPTY;
  };
  const both = (conn: Connection) => handler(conn).pipe(ignoreElements(), catchError(told));
  const run = marbles(({ listen, connect, flush }) => {
    listen(server, { framing: theirs.framing })
      .pipe(takeUntil(timer(60_000)), serve(both))
      .subscribe();
    connect(server, { framing: ours.framing })
      .pipe(
        takeUntil(timer(60_000)),
        mergeMap(both),
        catchError(() => EMPTY),
      )
      .subscribe();
    flush();
  });
  run();
  return { ends, most: Math.max(ours.most, theirs.most) };
};

describe('a mutual hold', () => {
  it.each<[string, TinyprotoOptions]>([
    ['strict', {}],
    ['with a window of 16', { window: 16 }],
    ['with a deadline of its own', { mutualHoldTimeoutMs: 5_000 }],
  ])(
    'ends what both sides send beyond what the wire can carry, after its deadline, with no more in memory than the slots: %s',
    (_, options) => {
      const { ends, most } = bothDo(options, floods);
      expect(ends).toContain(`${options.mutualHoldTimeoutMs ?? 30_000} mutual-hold`);
      expect(most).toBeLessThanOrEqual(unconsumedBound(options));
    },
  );

  const enough = (answers: number, { window = 1, inboxSlots = 1 }: TinyprotoOptions) =>
    answers * window + (answers - 1) * (inboxSlots - 1);

  it.each<[number, TinyprotoOptions]>([
    [2, {}],
    [3, {}],
    [2, { window: 4 }],
    [3, { window: 4, inboxSlots: 4 }],
  ])(
    'does not come about where each request has %i answers and extraSlots are enough for them, but may with too few: %o',
    (answers, options) => {
      const extraSlots = enough(answers, options);
      const live = bothDo({ ...options, extraSlots }, answersWith(answers, 100));
      expect(live.ends).toEqual([]);
      expect(live.most).toBeLessThanOrEqual(unconsumedBound({ ...options, extraSlots }));
      const few = { ...options, extraSlots: options.window ?? 1 };
      const stuck = bothDo(few, answersWith(answers, 100));
      expect(stuck.ends).toContain('30000 mutual-hold');
      expect(stuck.most).toBeLessThanOrEqual(unconsumedBound(few));
    },
  );
});

describe('a stream', () => {
  it(
    'waits while what the peer has said is not read, and goes on when it is',
    marbles(({ listen, connect, flush }) => {
      const noted: string[] = [];
      const says = (conn: Connection) =>
        merge(conn.send(numbered(0)), conn.messages$.pipe(consume(() => EMPTY)));
      listen(server)
        .pipe(takeUntil(timer(50)), serve(says))
        .subscribe();
      const note = (what: string) => tap(() => noted.push(`${asyncScheduler.now()} ${what}`));
      connect(server)
        .pipe(
          takeUntil(timer(50)),
          mergeMap((conn) =>
            merge(
              timer(1).pipe(
                mergeMap(() => conn.sendAll([1, 2, 3].map(numbered))),
                note('taken'),
              ),
              timer(10).pipe(
                mergeMap(() => conn.messages$),
                note('read'),
              ),
            ).pipe(takeUntil(timer(40))),
          ),
        )
        .subscribe();
      flush();
      expect(noted).toEqual(['10 read', '10 taken']);
    }),
  );
});
