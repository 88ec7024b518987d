import { type Codec, type Connection, consume, converse, lines, serve, text } from 'rx-tinyproto';
import { type MarbleHelpers, marbles } from 'rx-tinyproto/testing';
import {
  concat,
  defer,
  delay,
  filter,
  ignoreElements,
  map,
  merge,
  mergeMap,
  NEVER,
  of,
  range,
  take,
  takeUntil,
  throwError,
  timer,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/dashboard/batch.js';
import { feed } from '../../src/dashboard/feed.js';

const codec = text();
const server = 'server:1';

/** An echo server that is looked at; it takes some time over each line. */
function shown({ listen, run }: MarbleHelpers, marksPerSecond: number, ms = 0) {
  const { watched, happened, batches$ } = feed(marksPerSecond);
  const slowly = (line: string) => (ms > 0 ? of(line).pipe(delay(ms)) : of(line));
  run(
    listen(server, { codec, eventObserver: { next: happened } }).pipe(
      map(watched),
      serve((conn) =>
        conn.messages$.pipe(
          consume((line) =>
            concat(
              slowly(line).pipe(ignoreElements()),
              defer(() => conn.send(line)),
            ),
          ),
        ),
      ),
    ),
  );
  return batches$.pipe(takeUntil(timer(450)));
}

const marksOf = ({ marks }: Batch) =>
  marks.map(({ at, kind, size }) => `${at} ${kind}${size === undefined ? '' : ` ${size}`}`);

/** Somebody who says a number of lines at once, and hears them all. */
const chatty = ({ connect }: MarbleHelpers, lines: number) =>
  connect(server, { codec }).pipe(
    converse((conn) =>
      merge(conn.sendAll(range(0, lines).pipe(map(String))).pipe(ignoreElements()), conn.messages$).pipe(
        take(lines),
      ),
    ),
  );

describe('what a dashboard is fed with', () => {
  it(
    'is what comes and goes, for how long it is held, and how it ends',
    marbles((helpers) => {
      const marks$ = shown(helpers, 4_000, 7).pipe(
        filter(({ marks }) => marks.length > 0),
        map(marksOf),
      );
      helpers.run(
        helpers
          .connect(server, { codec })
          .pipe(
            converse((conn) => concat(conn.send('hi').pipe(ignoreElements()), conn.messages$.pipe(take(1)))),
          ),
      );
      helpers.expectObservable(marks$).toBe('100ms m 349ms |', {
        m: ['0 opened', '0 in 2', '0 held', '7 out 2', '7 free', '7 closed'],
      });
    }),
  );

  it(
    'has what a handler has failed with as the end of its connection',
    marbles(({ listen, connect, run, expectObservable }) => {
      const { watched, happened, batches$ } = feed(4_000);
      const fails = () => throwError(() => new Error('mine'));
      run(
        listen(server, { codec, eventObserver: { next: happened } }).pipe(
          map(watched),
          serve((conn) => conn.messages$.pipe(consume(fails)), { onError: () => {} }),
        ),
      );
      run(connect(server, { codec }).pipe(mergeMap((conn) => conn.send('hi'))));
      const ends$ = batches$.pipe(
        mergeMap(({ marks }) => marks),
        filter(({ kind }) => kind === 'error' || kind === 'closed'),
        map(({ kind, note }) => `${kind}: ${note}`),
        take(1),
      );
      expectObservable(ends$).toBe('100ms (e|)', { e: 'error: mine' });
    }),
  );

  it(
    'is a sample where there is too much, and says of how many',
    marbles((helpers) => {
      const numbers$ = shown(helpers, 50).pipe(
        filter(({ marks, skipped }) => marks.length + skipped > 0),
        map(({ marks, skipped, counts }) => ({
          drawn: marks.filter(({ kind }) => kind === 'in' || kind === 'out').length,
          flow: marks.filter(({ kind }) => kind === 'held' || kind === 'free').length,
          skipped,
          counts,
        })),
      );
      helpers.run(chatty(helpers, 20));
      helpers.expectObservable(numbers$).toBe('100ms n 349ms |', {
        n: { drawn: 5, flow: 6, skipped: 35, counts: { open: 0, in: 20, out: 20, errors: 0 } },
      });
    }),
  );

  it(
    'is all that is said where many are here and few say something',
    marbles((helpers) => {
      const batch$ = shown(helpers, 250).pipe(
        map(({ skipped, counts }) => ({ skipped, ...counts })),
        take(1),
      );
      const quiet$ = helpers.connect(server, { codec }).pipe(converse(() => timer(200)));
      helpers.run(range(0, 26).pipe(mergeMap(() => quiet$)));
      helpers.run(range(0, 5).pipe(mergeMap(() => chatty(helpers, 1))));
      helpers.expectObservable(batch$).toBe('100ms (n|)', {
        n: { skipped: 0, open: 26, in: 5, out: 5, errors: 0 },
      });
    }),
  );

  it.each([
    ['is bounded, however many talk', 0, { marks: 40, skipped: 170, came: 90 }],
    ['is not what happened before somebody asked', 50, { marks: 0, skipped: 0, came: 90 }],
  ])('%s', (_, from, n) => {
    marbles((helpers) => {
      const batch$ = shown(helpers, 100).pipe(
        map(({ marks, skipped, counts }) => ({ marks: marks.length, skipped, came: counts.in })),
        take(1),
      );
      helpers.run(range(0, 30).pipe(mergeMap(() => chatty(helpers, 3))));
      helpers.expectObservable(batch$, `${from}ms ^`).toBe(`${from + 100}ms (n|)`, { n });
    })();
  });

  it(
    'has no second row for what is read and let go of when its connection has ended',
    marbles(({ listen, run, peer, expectObservable }) => {
      const { watched, happened, batches$ } = feed(4_000);
      run(
        listen(server, { framing: lines(), codec, eventObserver: { next: happened } }).pipe(
          map(watched),
          serve((conn) => conn.messages$.pipe(consume((line) => of(line).pipe(delay(150))))),
        ),
      );
      peer(server).sends("'a\nb\n'---#");
      const told$ = batches$.pipe(
        takeUntil(timer(450)),
        filter(({ marks, counts }) => marks.length > 0 || counts.in === 2),
        map((batch) => [...marksOf(batch), `${Object.keys(batch.names)}`, `in ${batch.counts.in}`]),
        take(2),
      );
      expectObservable(told$).toBe('100ms a 99ms (b|)', {
        a: ['0 opened', '0 in 1', '0 held', '4 error', '0', 'in 1'],
        b: ['', 'in 2'],
      });
    }),
  );

  it(
    'shows whatever a codec makes of a message, and breaks no server by looking',
    marbles(({ listen, connect, run, expectObservable }) => {
      const odd: Codec<object, string> = {
        encode: codec.encode,
        decode(bytes) {
          const value: { n: bigint; self?: unknown } = { n: BigInt(bytes.length) };
          if (bytes.length === 5) value.self = value;
          return value;
        },
      };
      const { watched, happened, batches$ } = feed(4_000);
      run(
        listen(server, { codec: odd, eventObserver: { next: happened } }).pipe(
          map(watched),
          serve((conn) => conn.messages$.pipe(consume(() => conn.send('well')))),
        ),
      );
      const said$ = connect(server, { codec }).pipe(
        converse((conn) =>
          merge(
            conn.messages$.pipe(take(2)),
            concat(conn.send('hi'), conn.send('round')).pipe(ignoreElements()),
          ).pipe(take(2)),
        ),
      );
      expectObservable(said$).toBe('[ab|]', { a: 'well', b: 'well' });
      const texts$ = batches$.pipe(
        take(1),
        map(({ marks }) =>
          marks.filter(({ kind }) => kind === 'in').map(({ hex = '' }) => Buffer.from(hex, 'hex').toString()),
        ),
      );
      expectObservable(texts$).toBe('100ms (t|)', { t: ['{"n":"2n"}', '[object Object]'] });
    }),
  );

  it('leaves a connection what is known of its TLS', () => {
    const security = { protocol: 'TLSv1.3' };
    const quiet = {
      id: '1',
      remote: { host: '::1', port: 1 },
      messages$: NEVER,
      flow$: NEVER,
      closed$: NEVER,
    };
    const connection = { ...quiet, security } as unknown as Connection;
    expect(feed(1).watched(connection).security).toBe(security);
  });
});
