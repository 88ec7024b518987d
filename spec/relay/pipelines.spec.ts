import {
  type Connection,
  consume,
  distribute,
  gather,
  heartbeat,
  idleTimeout,
  paced,
  serve,
  text,
  WireError,
  writeIdle,
} from 'rx-tinyproto';
import { type MarbleHelpers, marbles } from 'rx-tinyproto/testing';
import {
  asyncScheduler,
  catchError,
  combineLatest,
  concatMap,
  EMPTY,
  firstValueFrom,
  from,
  ignoreElements,
  map,
  merge,
  mergeMap,
  NEVER,
  type Observable,
  of,
  take,
  takeUntil,
  tap,
  timer,
} from 'rxjs';
import { describe, expect, it } from 'vitest';

type Text = Connection<string>;

const codec = text();
const address = 'server:1';
const now = () => asyncScheduler.now();
const until = 100;

const clientsOf = ({ connect }: MarbleHelpers, ...clients: ((conn: Text) => Observable<unknown>)[]) => {
  for (const client of clients) {
    connect(address, { codec })
      .pipe(
        mergeMap(client),
        takeUntil(timer(until)),
        catchError(() => EMPTY),
      )
      .subscribe();
  }
};

const says =
  (letters: string): ((conn: Text) => Observable<unknown>) =>
  (conn) =>
    from(letters).pipe(concatMap((letter) => conn.send(letter)));

const served = (
  { listen }: MarbleHelpers,
  handler: (conn: Text) => Observable<unknown>,
  onError?: (error: unknown) => void,
) =>
  listen(address, { codec })
    .pipe(takeUntil(timer(until)), serve(handler, { graceMs: 1, ...(onError && { onError }) }))
    .subscribe();

describe('gather', () => {
  it(
    'merges the messages of many connections in fair turns, and holds each apart',
    marbles(
      (helpers) => {
        const seen: string[] = [];
        helpers
          .listen(address, { codec })
          .pipe(
            takeUntil(timer(50)),
            gather(),
            consume(({ message }) => timer(2).pipe(tap(() => seen.push(message)))),
          )
          .subscribe();
        clientsOf(helpers, says('abcd'), says('xy'), says('1234'));
        helpers.flush();
        expect(seen.join('')).toBe('ax1by2c3d4');
      },
      { allow: ['open-connections'] },
    ),
  );

  it(
    'is not ended by the error of one',
    marbles(
      (helpers) => {
        const seen: string[] = [];
        const picky = {
          encode: codec.encode,
          decode: (bytes: Uint8Array) => (bytes[0] === 0x78 ? raise() : codec.decode(bytes)),
        };
        helpers
          .listen(address, { codec: picky })
          .pipe(takeUntil(timer(50)), gather())
          .subscribe(({ message }) => seen.push(message));
        clientsOf(helpers, says('ab'), says('1x2'), says('cd'));
        helpers.flush();
        expect(seen.sort().join('')).toBe('1abcd');
      },
      { allow: ['open-connections'] },
    ),
  );
});

describe('distribute', () => {
  it.each([
    ['a promise', Promise.resolve(1)],
    ['an object', {}],
    ['null', null],
    ['nothing', undefined],
    ['no number', Number.NaN],
  ])('fails where a key is %s', (_, key) => {
    const sent: string[] = [];
    const conn = { send: (message: string) => of(void sent.push(message)) } as unknown as Text;
    const errors: unknown[] = [];
    of('a')
      .pipe(distribute([conn, conn], () => key as number))
      .subscribe({ error: (error) => errors.push(error) });
    expect(errors).toMatchObject([{ name: 'RangeError' }]);
    expect(sent).toEqual([]);
  });

  /** Three servers, and what they hear. */
  const workers = ({ listen, connect }: MarbleHelpers, ms: readonly number[]) => {
    const heard: string[] = ms.map(() => '');
    for (const [index, each] of ms.entries()) {
      const note = tap<string>((message) => {
        heard[index] += message;
      });
      listen(`worker${index}:1`, { codec })
        .pipe(
          takeUntil(timer(until)),
          serve(
            (conn) =>
              conn.messages$.pipe(
                note,
                consume(() => (each ? timer(each) : EMPTY)),
              ),
            { graceMs: 1 },
          ),
        )
        .subscribe();
    }
    const all$ = combineLatest(ms.map((_, index) => connect(`worker${index}:1`, { codec })));
    return { heard, all$: all$.pipe(takeUntil(timer(until))) };
  };

  it(
    'sends those of one key to one connection, in order',
    marbles((helpers) => {
      const { heard, all$ } = workers(helpers, [0, 0, 0]);
      all$
        .pipe(
          mergeMap((all) =>
            from('abcdefabcdefabc').pipe(
              paced(),
              distribute(all, (letter) => letter),
            ),
          ),
        )
        .subscribe();
      helpers.flush();
      for (const letter of 'abcdef') {
        const count = letter < 'd' ? 3 : 2;
        expect(heard.filter((each) => each.includes(letter))).toHaveLength(1);
        expect([...heard.join('')].filter((each) => each === letter)).toHaveLength(count);
      }
      expect(heard.filter((each) => each.length > 0).length).toBeGreaterThan(1);
    }),
  );

  it(
    'deals out in turn by index, and holds its source for the one that is slow',
    marbles((helpers) => {
      const { heard, all$ } = workers(helpers, [0, 20, 0]);
      all$
        .pipe(
          mergeMap((all) =>
            from('abcdefghijkl').pipe(
              paced(),
              distribute(all, (_, index) => index),
            ),
          ),
        )
        .subscribe();
      timer(10).subscribe(() => expect(heard).toEqual(['adgj', 'b', 'cfi']));
      helpers.flush();
      expect(heard).toEqual(['adgj', 'behk', 'cfil']);
    }),
  );

  it('needs a connection', () => {
    expect(() => distribute([], () => 0)).toThrow(RangeError);
  });
});

describe('idleTimeout', () => {
  it(
    'errors when no message has come for so long',
    marbles((helpers) => {
      const errors: unknown[] = [];
      served(
        helpers,
        (conn) => conn.messages$.pipe(idleTimeout(5)),
        (error) => errors.push([now(), error]),
      );
      clientsOf(helpers, (conn) =>
        merge(
          conn.messages$,
          timer(0, 4).pipe(
            concatMap(() => conn.send('a')),
            takeUntil(timer(10)),
          ),
        ),
      );
      helpers.flush();
      expect(errors).toEqual([[13, new WireError('idle', 'No message has come for 5 ms')]]);
    }),
  );

  it(
    'counts no time while a message is held',
    marbles((helpers) => {
      const errors: unknown[] = [];
      served(
        helpers,
        (conn) =>
          conn.messages$.pipe(
            idleTimeout(5),
            consume(() => timer(20)),
          ),
        () => errors.push(now()),
      );
      clientsOf(helpers, (conn) => merge(conn.messages$, conn.send('a'), conn.send('b')));
      helpers.flush();
      expect(errors).toEqual([45]);
    }),
  );

  it('draws no more from an endless source when it has been left', () => {
    let drawn = 0;
    const endless = function* () {
      while (drawn < 9_999) yield drawn++;
    };
    from(endless()).pipe(idleTimeout(5), take(1)).subscribe();
    expect(drawn).toBeLessThan(9);
  });

  it(
    'leaves no timer behind',
    marbles((helpers) => {
      served(helpers, (conn) => conn.messages$.pipe(idleTimeout(1_000_000)));
      clientsOf(helpers, (conn) => conn.close());
      helpers.flush();
      expect(now()).toBeLessThan(1_000);
    }),
  );
});

describe('heartbeat', () => {
  it('never sends where its period is Infinity', async () => {
    let beats = 0;
    const traffic = { messagesOut: 0 };
    const conn = { closed$: NEVER, traffic, send: () => of(void beats++) } as unknown as Text;
    await firstValueFrom(timer(20).pipe(takeUntil(heartbeat(conn, '♥', Number.POSITIVE_INFINITY))));
    expect(beats).toBe(0);
  });

  it(
    'sends a message whenever nothing else has gone out',
    marbles((helpers) => {
      const heard: string[] = [];
      served(helpers, (conn) => conn.messages$.pipe(tap((message) => heard.push(`${now()} ${message}`))));
      clientsOf(helpers, (conn) =>
        merge(
          heartbeat(conn, '♥', 5),
          timer(12).pipe(mergeMap(() => conn.send('a'))),
          timer(28).pipe(mergeMap(() => conn.close())),
        ),
      );
      helpers.flush();
      expect(heard).toEqual(['5 ♥', '12 a', '20 ♥']);
    }),
  );

  it(
    'sends no other while one is not taken',
    marbles((helpers) => {
      let begun = 0;
      served(helpers, (conn) => conn.messages$.pipe(consume(() => NEVER)));
      clientsOf(helpers, (conn) =>
        merge(conn.messages$, heartbeat(conn, '♥', 5), writeIdle(conn, 5).pipe(tap(() => begun++))),
      );
      helpers.flush();
      expect(begun).toBeGreaterThan(10);
    }),
  );

  it(
    'tells of a silence of ours, for who wants to end it',
    marbles((helpers) => {
      served(helpers, (conn) => conn.messages$);
      const client$ = helpers.connect(address, { codec }).pipe(
        mergeMap((conn) =>
          merge(
            writeIdle(conn, 5).pipe(map(() => 'x')),
            timer(7).pipe(
              mergeMap(() => conn.send('a')),
              ignoreElements(),
            ),
            timer(18).pipe(
              tap(() => conn.destroy()),
              ignoreElements(),
            ),
          ),
        ),
        catchError(() => of('e')),
      );
      helpers.expectObservable(client$).toBe('-----x---------x--|');
    }),
  );
});

function raise(): never {
  throw new Error('oops');
}
