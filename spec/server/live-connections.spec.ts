import { type Connection, liveConnections, type ShutdownProgress, serve, text } from 'rx-tinyproto';
import { marbles } from 'rx-tinyproto/testing';
import {
  asyncScheduler,
  catchError,
  EMPTY,
  finalize,
  map,
  merge,
  mergeMap,
  NEVER,
  range,
  Subject,
  share,
  takeUntil,
  tap,
  timer,
} from 'rxjs';
import { describe, expect, it } from 'vitest';

const codec = text();
const address = 'server:1';
const now = () => asyncScheduler.now();

type Text = Connection<string>;

describe('liveConnections', () => {
  it(
    'is the set of those that are open, whenever one comes or goes',
    marbles(({ listen, connect, expectObservable }) => {
      const connections$ = listen(address, { codec }).pipe(takeUntil(timer(8)), share());
      const counts$ = connections$.pipe(
        liveConnections(),
        map((live) => live.size),
      );
      expectObservable(counts$).toBe('0-1--2-1--(0|)', { 0: 0, 1: 1, 2: 2 });
      connections$.pipe(serve((conn) => conn.messages$)).subscribe();
      timer(2)
        .pipe(mergeMap(() => connect(address, { codec }).pipe(takeUntil(timer(8)))))
        .subscribe();
      timer(5)
        .pipe(mergeMap(() => connect(address, { codec }).pipe(takeUntil(timer(2)))))
        .subscribe();
    }),
  );

  it(
    'passes an error of its source on',
    marbles(({ cold, expectObservable }) => {
      const source$ = cold<Text>('--#');
      expectObservable(
        source$.pipe(
          liveConnections(),
          map(({ size }) => size),
        ),
      ).toBe('0-#', { 0: 0 });
    }),
  );
});

describe('the shutdown of serve', () => {
  it(
    'tells how many are left',
    marbles(({ listen, connect, expectObservable, hot }) => {
      const progressObserver = new Subject<ShutdownProgress>();
      const stop$ = hot('---x');
      const server$ = listen(address, { codec }).pipe(
        takeUntil(stop$),
        serve(
          (conn, { stopping$ }) =>
            conn.messages$.pipe(takeUntil(stopping$.pipe(mergeMap(() => timer(conn === first ? 2 : 4))))),
          {
            progressObserver,
          },
        ),
      );
      let first: Text | undefined;
      server$.subscribe();
      for (const _ of [1, 2])
        connect(address, { codec })
          .pipe(mergeMap((conn) => conn.messages$))
          .subscribe();
      expectObservable(progressObserver.pipe(map(({ left, of }) => `${left} of ${of}`))).toBe(
        '---a---[bc|]',
        {
          a: '2 of 2',
          b: '1 of 2',
          c: '0 of 2',
        },
      );
    }),
  );

  it(
    'completes the progress at once when nobody is there',
    marbles(({ listen, expectObservable, hot }) => {
      const progressObserver = new Subject<ShutdownProgress>();
      listen(address)
        .pipe(
          takeUntil(hot('---x')),
          serve(() => NEVER, { progressObserver }),
        )
        .subscribe();
      expectObservable(progressObserver.pipe(map(({ left }) => left))).toBe('---[a|]', { a: 0 });
    }),
  );

  it(
    'spreads the conversations over the time that it is given, and counts the grace from there',
    marbles(({ listen, connect, flush, hot }) => {
      const times: string[] = [];
      const chances = [0, 0.5, 0.9];
      const server$ = listen(address, { codec }).pipe(
        takeUntil(hot('-----x')),
        serve(
          (_, { stopping$ }) =>
            merge(NEVER, stopping$.pipe(tap(() => times.push(`${now()} told`))), stopping$).pipe(
              finalize(() => times.push(`${now()} over`)),
            ),
          { spreadMs: 100, graceMs: 7, random: () => chances.shift() ?? 0 },
        ),
      );
      server$.subscribe();
      range(3)
        .pipe(mergeMap(() => connect(address, { codec }).pipe(catchError(() => EMPTY))))
        .subscribe();
      flush();
      expect(times).toEqual(['5 told', '12 over', '55 told', '62 over', '95 told', '102 over']);
    }),
  );

  it('refuses a spread that cannot be meant', () => {
    expect(() => serve(() => EMPTY, { spreadMs: -1 })).toThrow(RangeError);
    expect(() => serve(() => EMPTY, { spreadMs: Number.POSITIVE_INFINITY })).toThrow(RangeError);
  });
});
