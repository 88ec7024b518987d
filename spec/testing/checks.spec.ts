import { PassThrough } from 'node:stream';
import { type Connection, consume, converse, hold, lines, serve, text } from 'rx-tinyproto';
import { hex, MarbleError, type MarbleHelpers, type MarblesOptions, marbles } from 'rx-tinyproto/testing';
import {
  asapScheduler,
  concatMap,
  delay,
  from,
  interval,
  map,
  mergeMap,
  NEVER,
  observeOn,
  of,
  Subject,
  tap,
  timer,
} from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import 'rx-tinyproto/testing/vitest';

const failure = (test: (helpers: MarbleHelpers) => void, options?: MarblesOptions): string => {
  try {
    marbles(test, options)();
  } catch (error) {
    if (error instanceof MarbleError) return error.message;
    throw error;
  }
  return '';
};

/** Each trap of `TestScheduler`, or thing left behind: what it is, and how it says so. */
const traps: Readonly<
  Record<string, readonly [(helpers: MarbleHelpers) => void, MarblesOptions['allow'], RegExp]>
> = {
  'an expectation without a matcher': [
    ({ expectObservable }) => void expectObservable(of(1)),
    ['unmatched'],
    /an expectation without a matcher expects nothing \(checks\.spec\.ts:\d+\) \(unmatched\)/,
  ],
  'a hot() that is made while time flows': [
    ({ hot, run }) => void run(timer(1).pipe(mergeMap(() => hot('-a')))),
    ['late-source', 'open-subscriptions'],
    /made while time flows: it never emits \(checks\.spec\.ts:\d+\) \(late-source\)/,
  ],
  'something that never ends': [
    ({ run }) => void run(interval(1_000)),
    ['endless'],
    /after 600000 ms of virtual time \(endless\)/,
  ],
  "the platform's own timers": [
    ({ run }) => void run(of(1).pipe(tap(() => clearTimeout(setTimeout(() => {}, 1))))),
    ['platform-timers'],
    /setTimeout was called: virtual time does not move it \(checks\.spec\.ts:\d+\) \(platform-timers\)/,
  ],
  'a connection that nobody closes': [
    ({ listen, connect }) => {
      listen('server:1', { framing: lines() }).subscribe((conn) => conn.messages$.subscribe());
      connect('server:1', { framing: lines() }).subscribe();
    },
    ['open-connections'],
    /The connection of .* is still open \(open-connections\)/,
  ],
  'a subscription that nobody ends': [
    ({ hot }) => void hot('--a').subscribe(),
    ['open-subscriptions'],
    /1 subscriptions? .* still open \(open-subscriptions\)/,
  ],
  'bytes that nobody reads': [
    ({ listen, peer, run }) => {
      run(listen('server:1', { framing: lines() }).pipe(serve(() => NEVER)));
      peer('server:1').sends("'a\n'");
    },
    ['undelivered'],
    /2 bytes .* that nobody read \(undelivered\)/,
  ],
  'a hold that nobody releases': [
    ({ listen, peer, run }) => {
      run(
        listen('server:1', { framing: lines() }).pipe(
          serve((conn) => conn.messages$.pipe(tap(() => hold()))),
        ),
      );
      peer('server:1').sends("'a\n'");
    },
    ['held'],
    /1 hold is never released \(held\)/,
  ],
  'a send that nobody subscribes to': [
    ({ listen, connect, run }) => {
      run(listen('server:1', { framing: lines() }).pipe(serve((conn) => conn.messages$)));
      run(connect('server:1', { framing: lines() }).pipe(tap((conn) => void conn.send(hex`61`))));
    },
    ['unsent'],
    /A send was made that nobody subscribed to \(checks\.spec\.ts:\d+\) \(unsent\)/,
  ],
  'a server that nobody runs': [
    ({ listen }) => void listen('server:1').pipe(serve((conn) => conn.messages$)),
    ['not-run'],
    /A listen\(\) was made that nobody subscribed to \(checks\.spec\.ts:\d+\) \(not-run\)/,
  ],
  'a client that nobody runs': [
    ({ connect }) => void connect('server:1').pipe(converse((conn) => conn.messages$)),
    ['not-run'],
    /A connect\(\) was made that nobody subscribed to \(checks\.spec\.ts:\d+\) \(not-run\)/,
  ],
  'a peer that nobody takes': [
    ({ peer }) => void peer('nowhere:1').sends("'a\n'"),
    ['unsaid'],
    /The peer has not said all that it was to say, and nothing is expected of it \(unsaid\)/,
  ],
  'an answer that is never due': [
    ({ accepts, connect, run }) => {
      accepts('server:1').sends('---|').answers(100, "'a\n'");
      run(connect('server:1', { framing: lines() }).pipe(converse((conn) => conn.messages$)));
    },
    ['unsaid'],
    /The server has not said all that it was to say/,
  ],
  'a promise in between': [
    ({ expectObservable }) => expectObservable(from(Promise.resolve(1))).toBe(''),
    ['platform-timers'],
    /then of a promise was called: virtual time does not move it \(platform-timers\)\nIf it is meant/,
  ],
  "a mistake in a server's handler": [
    ({ listen, peer, run }) => {
      run(
        listen('server:1', { framing: lines() }).pipe(
          serve((conn) => conn.messages$.pipe(tap((line) => expect(line).toBeBytes('b')))),
        ),
      );
      peer('server:1').sends("'a\n'--|");
    },
    ['printed-errors'],
    /An error was printed: .*expected 'a' to be 'b' \(checks\.spec\.ts:\d+\) \(printed-errors\)/,
  ],
};

describe('at its end, a marble test', () => {
  beforeEach(() => void vi.spyOn(console, 'error').mockReturnValue());
  afterEach(() => void vi.restoreAllMocks());

  for (const [name, [test, allow = [], says]] of Object.entries(traps)) {
    it(`finds ${name}`, () => {
      expect(failure(test)).toMatch(says);
    });

    it(`allows ${name}, if it is meant`, () => {
      expect(failure(test, { allow })).toBe('');
    });
  }

  it('tells everything at once, and how to allow it', () => {
    const message = failure(({ hot, expectObservable }) => {
      hot('a').subscribe();
      expectObservable(of(1));
    });
    expect(message).toContain("marbles(test, { allow: ['unmatched', 'open-subscriptions'] })");
  });

  it('lets as much time pass as it is told', () => {
    expect(failure(({ run }) => void run(timer(2_000)), { maxMs: 1_000 })).toContain('after 1000 ms');
    expect(
      failure(({ expectObservable }) => expectObservable(timer(900_000)).toBe('15m (a|)', { a: 0 }), {
        maxMs: 1e6,
      }),
    ).toBe('');
  });

  it('finds a loop that never lets time go on', () => {
    const spin = ({ run }: MarbleHelpers) => {
      const again$ = new Subject<void>();
      run(
        again$.pipe(
          delay(0),
          tap(() => again$.next()),
        ),
      );
      run(of(undefined).pipe(tap(() => again$.next())));
    };
    expect(failure(spin, { allow: ['endless'] })).toContain('Time stands still at 0 ms');
  });
});

describe('the traps of TestScheduler', () => {
  it("what Node does by itself is not the test's: it may print", () => {
    const prints = ({ run }: MarbleHelpers) =>
      void run(timer(5).pipe(tap(() => new PassThrough().end('printed'))));
    expect(failure(prints)).toBe('');
  });

  it('a body that is async, or returns a promise, is refused: what follows its first await would expect nothing', async () => {
    let after: unknown;
    const awaits = marbles((async ({ expectObservable }: MarbleHelpers) => {
      await Promise.resolve();
      try {
        expectObservable(of(1)).toBe('(b|)');
      } catch (error) {
        after = error;
      }
    }) as never);
    expect(awaits).toThrow('A marble test is synchronous: virtual time does not wait for promises');
    await Promise.resolve();
    await Promise.resolve();
    expect(after).toEqual(new TypeError('expectObservable() belongs to a marble test that is over'));
    expect(marbles((() => Promise.resolve()) as never)).toThrow(TypeError);
  });

  for (const [name, use] of Object.entries({
    setTimeout: () => clearTimeout(setTimeout(() => {}, 1)),
    setInterval: () => clearInterval(setInterval(() => {}, 1)),
    setImmediate: () => clearImmediate(setImmediate(() => {})),
    queueMicrotask: () => queueMicrotask(() => {}),
    'process.nextTick': () => process.nextTick(() => {}),
  })) {
    it(`${name} is found, which virtual time does not move`, () => {
      const before = [setTimeout, process.nextTick];
      const uses = ({ run }: MarbleHelpers) => void run(timer(5).pipe(tap(use)));
      expect(failure(uses)).toContain(`${name} was called: virtual time does not move it (checks.spec.ts:`);
      expect(failure(uses, { allow: ['platform-timers'] })).toBe('');
      expect([setTimeout, process.nextTick]).toEqual(before);
    });
  }

  it('a diagram that ends with a time is read as RxJS does not: the time passes', () => {
    const rxjs = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
    expect(() => rxjs.run(({ expectObservable }) => expectObservable(NEVER).toBe('10ms'))).toThrow();
    expect(failure(({ expectObservable }) => expectObservable(NEVER).toBe('10ms'))).toBe('');
  });

  it('a test that is used twice has virtual time of its own each time', () => {
    const test = marbles(({ hot, expectObservable }) => expectObservable(hot('-a|')).toBe('-a|'));
    test();
    test();
  });

  it('helpers that are used in another test say so', () => {
    let kept: MarbleHelpers | undefined;
    marbles((helpers) => {
      kept = helpers;
    })();
    expect(() => kept?.hot('a')).toThrow('hot() belongs to a marble test that is over');
  });

  it('a marble test while something else waits on a scheduler of RxJS’s is refused, and what waits comes', async () => {
    const came = new Promise<void>((resolve) => void asapScheduler.schedule(() => resolve()));
    const late = marbles(({ expectObservable }) =>
      expectObservable(of('a').pipe(observeOn(asapScheduler))).toBe('(a|)'),
    );
    expect(late).toThrow("waits on RxJS's asapScheduler");
    await came;
    expect(late).not.toThrow();
  });

  it('a marble test inside another one is refused', () => {
    expect(() => marbles(() => marbles(() => {})())()).toThrow('inside another one');
  });

  it('an asynchronous test is refused', () => {
    expect(() => marbles((async () => {}) as unknown as () => void)()).toThrow('synchronous');
  });

  it('a letter without a value is refused', () => {
    expect(() => marbles(({ cold }) => void cold('a-b', { a: 1 }))()).toThrow('"b" has no value');
  });

  it('an error that nobody handles fails the test', () => {
    expect(() =>
      marbles(
        ({ run }) =>
          void run(
            timer(1).pipe(
              map(() => {
                throw new Error('oops');
              }),
            ),
          ),
      )(),
    ).toThrow('oops');
  });
});

describe('a marble test', () => {
  it(
    'knows what becomes of messages, sends, room and endings',
    marbles(
      ({
        listen,
        connect,
        expectMessages,
        expectSends,
        expectFlow,
        expectClosed,
        expectObservable,
        time,
      }) => {
        const options = { framing: lines(), codec: text() };
        const server$ = listen('server:1', options).pipe(
          serve((conn) => {
            expectMessages(conn).toBe('a 9ms [b|]', { a: 'one', b: 'two' });
            expectFlow(conn).toBe('o 9ms |');
            expectClosed(conn).toBe('10ms [p|]');
            return conn.messages$;
          }),
        );
        const client$ = connect('server:1', options).pipe(
          converse((conn) => {
            expectSends(conn).toBe('a 9ms b', { a: 'one', b: 'two' });
            return from(['one', 'two']).pipe(
              concatMap((line, index) =>
                timer(index * time('----------|')).pipe(mergeMap(() => conn.send(line))),
              ),
            );
          }),
        );
        expectObservable(server$, '30ms !').toBe('a 9ms b', { a: 'one', b: 'two' });
        expectObservable(client$).toBe('x 9ms [x|]', { x: undefined });
      },
    ),
  );

  it(
    'tells subscriptions apart',
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const source = cold('-a|');
      expectObservable(hot('a-b-|').pipe(mergeMap(() => source))).toBe('-a-a|');
      expectSubscriptions(source.subscriptions).toBe(['^-!', '--^-!']);
    }),
  );

  it(
    'shows an error of a send as a value, and the reason of an ending',
    marbles(({ accepts, connect, expectSends, expectClosed, expectObservable }) => {
      accepts('server:1').sends('---#');
      const client$ = connect('server:1', { framing: lines(), maxQueuedMessages: 1 });
      expectObservable(
        client$.pipe(
          converse((conn) => {
            expectSends(conn).toBe('[xa]', { a: hex`61`, x: { code: 'queue-full' } });
            expectClosed(conn).toBe('---(e|)', { code: 'reset' });
            conn.send(hex`61`).subscribe();
            conn.send(hex`62`).subscribe({ error: () => {} });
            return conn.messages$;
          }),
        ),
      ).toBe('---#', undefined, { code: 'reset' });
    }),
  );

  it(
    'shows no outcome of a send that nobody waits for any more',
    marbles(({ accepts, connect, expectSends, expectObservable }) => {
      accepts('server:1').sends('-----|');
      const client$ = connect('server:1', { framing: lines() });
      const answered = (conn: Connection) =>
        of('answer').pipe(consume(() => conn.send(hex`62`), { strict: false }));
      expectObservable(
        client$.pipe(
          converse((conn) => {
            expectSends(conn).toBe('c', { c: hex`63` });
            conn.send(hex`61`).subscribe().unsubscribe();
            answered(conn).subscribe().unsubscribe();
            return conn.send(hex`63`);
          }),
        ),
      ).toBe('x----|', { x: undefined });
    }),
  );
});
