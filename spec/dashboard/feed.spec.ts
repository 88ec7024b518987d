import { consume, converse, serve, text } from 'rx-tinyproto';
import { type MarbleHelpers, marbles } from 'rx-tinyproto/testing';
import { concat, filter, ignoreElements, map, merge, range, take, takeUntil, timer } from 'rxjs';
import { describe, it } from 'vitest';
import type { Batch } from '../../src/dashboard/batch.js';
import { feed } from '../../src/dashboard/feed.js';

const codec = text();
const server = 'server:1';

/** An echo server that is looked at. */
function shown({ listen, run }: MarbleHelpers, marksPerSecond: number) {
  const { watched, happened, batches$ } = feed(marksPerSecond);
  run(
    listen(server, { codec, eventObserver: { next: happened } }).pipe(
      map(watched),
      serve((conn) => conn.messages$.pipe(consume((line) => conn.send(line)))),
    ),
  );
  return batches$.pipe(takeUntil(timer(450)));
}

const marksOf = ({ marks }: Batch) =>
  marks.map(({ at, kind, size }) => `${at} ${kind}${size === undefined ? '' : ` ${size}`}`);

describe('what a dashboard is fed with', () => {
  it(
    'is what comes and goes, for how long it is held, and how it ends',
    marbles((helpers) => {
      const marks$ = shown(helpers, 4_000).pipe(
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
        m: ['0 open', '0 open', '0 in 2', '0 held', '0 out 2', '0 free', '0 closed'],
      });
    }),
  );

  it(
    'is a sample where there is too much, and says of how many',
    marbles((helpers) => {
      const numbers$ = shown(helpers, 50).pipe(
        filter(({ marks, skipped }) => marks.length + skipped > 0),
        map(({ marks, skipped, counts }) => ({
          drawn: marks.filter(({ kind }) => kind === 'in' || kind === 'out').length,
          skipped,
          counts,
        })),
      );
      helpers.run(
        helpers
          .connect(server, { codec })
          .pipe(
            converse((conn) =>
              merge(conn.sendAll(range(0, 20).pipe(map(String))).pipe(ignoreElements()), conn.messages$).pipe(
                take(20),
              ),
            ),
          ),
      );
      helpers.expectObservable(numbers$).toBe('100ms n 349ms |', {
        n: { drawn: 5, skipped: 35, counts: { open: 0, in: 20, out: 20, errors: 0 } },
      });
    }),
  );
});
