import { marbles } from 'rx-tinyproto/testing';
import {
  bufferCount,
  catchError,
  delay,
  EMPTY,
  filter,
  from,
  groupBy,
  map,
  merge,
  mergeMap,
  NEVER,
  type Observable,
  of,
  retry,
  Subject,
  share,
  take,
  tap,
  throwError,
  timer,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import { HoldLostError } from '../../src/errors.js';
import { consume } from '../../src/flow/consume.js';
import { type Hold, hold, setStrictByDefault } from '../../src/flow/hold.js';
import { paced } from '../../src/flow/paced.js';

/** All letters at once, each delivered when there is room, and noted then. */
const letters = (all: string, delivered = new Subject<string>()) => of(...all).pipe(paced(), tap(delivered));

const upper = (ms: number) => (letter: string) => timer(ms).pipe(map(() => letter.toUpperCase()));

describe('consume', () => {
  it(
    'holds each message until its inner Observable ends',
    marbles(({ expectObservable }) => {
      const delivered = new Subject<string>();
      const results$ = letters('abc', delivered).pipe(consume(upper(4)));
      expectObservable(delivered).toBe('a---b---(c|)');
      expectObservable(results$).toBe(' ----A---B---(C|)');
    }),
  );

  it(
    'has room while fewer than `concurrency` are at work',
    marbles(({ expectObservable }) => {
      const delivered = new Subject<string>();
      const ms: Readonly<Record<string, number>> = { a: 9, b: 5, c: 2, d: 1 };
      const results$ = letters('abcd', delivered).pipe(
        consume((letter) => upper(ms[letter] ?? 0)(letter), { concurrency: 2 }),
      );
      expectObservable(delivered).toBe('(ab)-c-(d|)');
      expectObservable(results$).toBe(' -----B-CD(A|)');
    }),
  );

  it(
    'lets a second consume hold the message on',
    marbles(({ expectObservable }) => {
      const delivered = new Subject<string>();
      const results$ = letters('ab', delivered).pipe(consume(upper(2)), consume(upper(3)));
      expectObservable(delivered).toBe('a----(b|)');
      expectObservable(results$).toBe(' -----A----(B|)');
    }),
  );

  const through: Readonly<Record<string, (source$: Observable<string>) => Observable<string>>> = {
    map: (source$) => source$.pipe(map((letter) => letter)),
    filter: (source$) => source$.pipe(filter(() => true)),
    share: (source$) => source$.pipe(share()),
    merge: (source$) => merge(source$, NEVER),
    'mergeMap of what is there': (source$) => source$.pipe(mergeMap((letter) => of(letter))),
    groupBy: (source$) => source$.pipe(groupBy(() => 'all')).pipe(mergeMap((group$) => group$)),
    bufferCount: (source$) => source$.pipe(bufferCount(1)).pipe(map(([letter]) => letter as string)),
  };
  for (const [name, operator] of Object.entries(through)) {
    it(
      `holds through ${name}`,
      marbles(({ expectObservable }) => {
        const delivered = new Subject<string>();
        expectObservable(delivered, '----------!').toBe('a---b---(c|)');
        expectObservable(operator(letters('abc', delivered)).pipe(consume(upper(4))), '----------!').toBe(
          '----A---B',
        );
      }),
    );
  }

  it(
    'waits for the slowest of those that share a source',
    marbles(({ cold, expectObservable }) => {
      const shared$ = cold('(abc|)').pipe(paced(), share());
      expectObservable(shared$.pipe(consume(upper(1)))).toBe('-A---B---(C|)');
      expectObservable(shared$.pipe(consume(upper(4)))).toBe('----A---B---(C|)');
    }),
  );

  it(
    'holds messages of merged sources apart, and takes them in turn',
    marbles(({ expectObservable }) => {
      const results$ = merge(letters('abc'), letters('xy')).pipe(consume(upper(2)));
      expectObservable(results$).toBe('--A-X-B-Y-(C|)');
    }),
  );

  it(
    'retries inside without letting go',
    marbles(({ expectObservable }) => {
      const delivered = new Subject<string>();
      let attempts = 0;
      const flaky = (letter: string) =>
        timer(2).pipe(
          mergeMap(() => (++attempts % 2 === 1 ? throwError(() => 'once more') : of(letter.toUpperCase()))),
          retry(1),
        );
      expectObservable(delivered).toBe('a---(b|)');
      expectObservable(letters('ab', delivered).pipe(consume(flaky))).toBe('----A---(B|)');
    }),
  );

  it(
    'passes the error of an inner Observable on, and releases what it held',
    marbles(({ cold, expectObservable }) => {
      const shared$ = cold('(abc|)').pipe(paced(), share());
      expectObservable(shared$).toBe('a--(bc|)');
      expectObservable(
        shared$.pipe(consume(() => timer(3).pipe(mergeMap(() => throwError(() => 'oops'))))),
      ).toBe('---#', undefined, 'oops');
    }),
  );

  it('turns a throw of project into an error', () => {
    const errors: unknown[] = [];
    letters('ab')
      .pipe(
        consume(() => {
          throw new Error('oops');
        }),
      )
      .subscribe({ error: (error) => errors.push(error) });
    expect(errors).toEqual([new Error('oops')]);
  });

  it(
    'releases everything when it is unsubscribed',
    marbles(({ cold, expectObservable }) => {
      const shared$ = cold('(abc|)').pipe(paced(), share());
      expectObservable(shared$).toBe('a---(bc|)');
      expectObservable(shared$.pipe(consume(() => NEVER)), '----!').toBe('-');
    }),
  );

  it('runs through any number of messages whose work is done at once, without recursion', () => {
    let count = 0;
    letters('a'.repeat(50_000))
      .pipe(consume((letter) => of(letter)))
      .subscribe(() => count++);
    expect(count).toBe(50_000);
  });

  it('stops a source that emits synchronously as soon as nobody wants more', () => {
    const seen: string[] = [];
    letters('abc')
      .pipe(
        tap((letter) => seen.push(letter)),
        consume((letter) => of(letter, letter)),
        take(1),
      )
      .subscribe();
    expect(seen).toEqual(['a']);
  });

  it(
    'without strict, keeps what comes outside a delivery until there is room',
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold('abc|').pipe(consume(upper(3), { strict: false }))).toBe('---A--B--(C|)');
    }),
  );

  it(
    'with strict, errors where an asynchronous operator has let go',
    marbles(({ expectObservable }) => {
      const lost$ = letters('ab').pipe(
        delay(2),
        consume(upper(1), { strict: true }),
        catchError((error) => of(error instanceof HoldLostError ? error.code : error)),
      );
      expectObservable(lost$).toBe('--(x|)', { x: 'hold-lost' });
    }),
  );

  it('refuses a concurrency below 1', () => {
    expect(() => consume(() => EMPTY, { concurrency: 0 })).toThrow(RangeError);
    expect(() => consume(() => EMPTY, { concurrency: Number.NaN })).toThrow(RangeError);
  });
});

describe('hold', () => {
  it('keeps the next message until it has room', () => {
    const seen: string[] = [];
    const holds: Hold[] = [];
    letters('abc').subscribe((letter) => {
      seen.push(letter);
      holds.push(hold());
    });
    expect(seen).toEqual(['a']);
    holds[0]?.setRoom(1);
    expect(seen).toEqual(['a', 'b']);
    holds[0]?.setRoom(0);
    holds[1]?.release();
    expect(seen).toEqual(['a', 'b']);
    holds[0]?.release();
    expect(seen).toEqual(['a', 'b', 'c']);
  });

  it.each([0, -1, Number.NaN])('has no room with %s', (room) => {
    const seen: string[] = [];
    const holds: Hold[] = [];
    letters('abc').subscribe((letter) => {
      seen.push(letter);
      holds.push(hold({ room }));
    });
    expect(seen).toEqual(['a']);
    holds[0]?.setRoom(1);
    holds[1]?.setRoom(room);
    expect(seen).toEqual(['a', 'b']);
  });

  it('counts every hold of a message', () => {
    const seen: string[] = [];
    const holds: Hold[] = [];
    letters('ab').subscribe((letter) => {
      seen.push(letter);
      holds.push(hold(), hold());
    });
    holds[0]?.release();
    holds[0]?.release();
    expect(seen).toEqual(['a']);
    holds[1]?.release();
    expect(seen).toEqual(['a', 'b']);
  });

  it('has nothing to hold outside a delivery, and says so under strict', () => {
    expect(() => hold().release()).not.toThrow();
    const restore = setStrictByDefault(true);
    expect(() => hold()).toThrow(HoldLostError);
    restore();
    expect(() => hold()).not.toThrow();
  });
});

describe('paced', () => {
  it('pauses the valve while values wait', () => {
    const calls: string[] = [];
    const valve = { pause: () => calls.push('pause'), resume: () => calls.push('resume') };
    const source = new Subject<string>();
    const holds: Hold[] = [];
    const subscription = source.pipe(paced(valve)).subscribe(() => holds.push(hold()));
    source.next('a');
    source.next('b');
    expect(calls).toEqual(['pause']);
    holds[0]?.release();
    expect(calls).toEqual(['pause']);
    holds[1]?.release();
    expect(calls).toEqual(['pause', 'resume']);
    source.next('c');
    subscription.unsubscribe();
    expect(calls).toEqual(['pause', 'resume', 'pause']);
  });

  it('fails above its bound', () => {
    const errors: unknown[] = [];
    const source = new Subject<string>();
    source
      .pipe(paced(undefined, { maxWaiting: 2 }))
      .subscribe({ next: () => hold(), error: (error) => errors.push(error) });
    for (const letter of 'abc') source.next(letter);
    expect(errors).toEqual([]);
    source.next('d');
    expect(errors).toMatchObject([{ code: 'paced-overflow' }]);
  });

  it.each([0, -1, Number.NaN])('throws a RangeError at once for a bound of %s', (maxWaiting) => {
    expect(() => paced(undefined, { maxWaiting })).toThrow(RangeError);
  });

  it.each([
    ['it has been left', 1_024, 1],
    ['it has failed', 2, 9],
  ])('draws no more from an endless source when %s', (_, maxWaiting, wanted) => {
    let drawn = 0;
    const endless = function* () {
      while (drawn < 9_999) yield drawn++;
    };
    from(endless())
      .pipe(
        paced(undefined, { maxWaiting }),
        tap(() => wanted > 1 && hold()),
        take(wanted),
      )
      .subscribe({ error: () => {} });
    expect(drawn).toBeLessThan(9);
  });
});
