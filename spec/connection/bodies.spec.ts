import {
  type Body,
  type BodyConnection,
  broadcast,
  consume,
  converse,
  lengthPrefixed,
  lines,
  type OutgoingBody,
  reconnect,
  relay,
  serve,
  text,
  tinyproto,
  varintPrefixed,
} from 'rx-tinyproto';
import { marbles } from 'rx-tinyproto/testing';
import {
  catchError,
  concat,
  defer,
  delay,
  EMPTY,
  endWith,
  ignoreElements,
  map,
  merge,
  mergeMap,
  NEVER,
  type Observable,
  of,
  scan,
  switchMap,
  take,
  takeLast,
  takeUntil,
  timer,
} from 'rxjs';
import { describe, it } from 'vitest';

const server = 'server:1';
const KIB = 1_024;
const MIB = 1_024 * KIB;
const streamed = { bodies: 'stream' } as const;

/** A body of chunks of the same size, drawn from as there is room; `drawn` is told of each. */
const bodyOf = (chunks: number, chunkBytes: number, drawn = (_: number) => {}): OutgoingBody => ({
  size: chunks * chunkBytes,
  body$: (function* () {
    for (let at = 0; at < chunks; at += 1) {
      drawn(at);
      yield new Uint8Array(chunkBytes).fill(at);
    }
  })(),
});

const large = () => bodyOf(4, 50_000);

/** How many bytes a body has, when it is whole. */
const counted = ({ body$ }: Body) =>
  concat(of(0), body$.pipe(consume(({ length }) => of(length)))).pipe(
    scan((sum, bytes) => sum + bytes),
    takeLast(1),
  );

const asCode = <T>(source$: Observable<T>): Observable<T | string> =>
  source$.pipe(catchError((error) => of([error.code ?? error.name, error.fate].filter(Boolean).join(' '))));

/** Each body of a connection as its size, or as what became of it; then the end. */
const sizes = (conn: BodyConnection) => conn.messages$.pipe(consume((body) => asCode(counted(body))));

const most = 5 * MIB;

describe.each([
  ['tinyproto', tinyproto({ maxMessageBytes: most })],
  ['tinyproto, pipelined', tinyproto({ maxMessageBytes: most, window: 8 })],
  ['length-prefixed', lengthPrefixed({ maxMessageBytes: most })],
  ['varint-prefixed', varintPrefixed({ maxMessageBytes: most })],
])('bodies as streams on %s', (name, framing) => {
  const options = { ...streamed, framing };
  const hasAnswers = name.startsWith('tinyproto');

  it(
    'come and go among small messages, whole and in order',
    marbles(({ listen, connect, run, expectObservable }) => {
      expectObservable(listen(server, options).pipe(serve(sizes))).toBe('(abcde)', {
        a: 5,
        b: 200_000,
        c: 0,
        d: 65_536,
        e: 65_537,
      });
      const all = [
        new Uint8Array(5),
        large(),
        { size: 0, body$: EMPTY },
        bodyOf(1, 65_536),
        { size: 65_537, body$: of(new Uint8Array(65_537)) },
      ];
      run(connect(server, options).pipe(converse((conn) => concat(...all.map((body) => conn.send(body))))));
    }),
  );

  it(
    'hold the sender while a part is held',
    marbles(
      ({ listen, connect, run, expectObservable, now }) => {
        const slowly = (conn: BodyConnection) =>
          conn.messages$.pipe(
            consume(({ body$ }) =>
              body$.pipe(
                consume((_, index) => timer(index === 0 ? 50 : 0).pipe(map(() => now()))),
                takeLast(1),
              ),
            ),
          );
        const drawnAt: number[] = [];
        run(listen(server, options).pipe(serve(slowly)));
        const body = bodyOf(20, 128 * KIB, () => drawnAt.push(now()));
        const sent$ = connect(server, options).pipe(
          converse((conn) => conn.send(body).pipe(map(() => drawnAt.filter((at) => at === 0).length))),
        );
        // A MiB is with the wire, and one chunk waits.
        expectObservable(sent$).toBe('50ms (a|)', { a: 10 });
      },
      { windowBytes: 64 * KIB },
    ),
  );

  it(
    'let those behind them go when they are withdrawn before they have given anything',
    marbles(({ listen, connect, run, expectObservable, cold }) => {
      expectObservable(listen(server, options).pipe(serve(sizes))).toBe('-a--b', { a: 1, b: 2 });
      const silent: OutgoingBody = { size: 10, body$: NEVER };
      const client = (conn: BodyConnection) => {
        const sent = merge(
          conn.sendAll([silent]).pipe(takeUntil(cold('-x'))),
          conn.send(new Uint8Array(1)),
          conn.send(silent).pipe(takeUntil(cold('----x'))),
          conn.send(new Uint8Array(2)),
        );
        return sent.pipe(ignoreElements());
      };
      run(connect(server, options).pipe(converse(client)));
    }),
  );

  it(
    'take those behind them along when all are withdrawn at once',
    marbles(({ listen, connect, run, expectObservable, cold }) => {
      expectObservable(listen(server, options).pipe(serve(sizes))).toBe('-a', { a: 1 });
      const silent: OutgoingBody = { size: 10, body$: NEVER };
      const left = (conn: BodyConnection) =>
        merge(conn.send(silent), conn.send(new Uint8Array(3))).pipe(takeUntil(cold('-x')));
      run(
        connect(server, options).pipe(
          converse((conn) => merge(left(conn), conn.send(new Uint8Array(1))).pipe(ignoreElements())),
        ),
      );
    }),
  );

  it(
    'are held at their head while the message before is held',
    marbles(({ listen, connect, run, expectObservable }) => {
      const held = (conn: BodyConnection) =>
        conn.messages$.pipe(consume(({ size }) => timer(10).pipe(map(() => size))));
      expectObservable(listen(server, options).pipe(serve(held))).toBe('10ms a 9ms b', { a: 5, b: 200_000 });
      run(
        connect(server, options).pipe(
          converse((conn) => merge(conn.send(new Uint8Array(5)), conn.send(large()))),
        ),
      );
    }),
  );

  it(
    'are skipped where the message is consumed and nobody reads them',
    marbles(({ listen, connect, run, expectObservable }) => {
      const unread = (conn: BodyConnection) => conn.messages$.pipe(map(({ size }) => size));
      expectObservable(listen(server, options).pipe(serve(unread))).toBe('(ab)', { a: 200_000, b: 3 });
      run(
        connect(server, options).pipe(
          converse((conn) => concat(conn.send(large()), conn.send(new Uint8Array(3)))),
        ),
      );
    }),
  );

  it(
    'are read without a hold, each before the next message comes',
    marbles(({ listen, connect, run, expectObservable }) => {
      const flat = (conn: BodyConnection) =>
        conn.messages$.pipe(mergeMap((body) => counted(body).pipe(map((sum) => [body.size, sum]))));
      expectObservable(listen(server, options).pipe(serve(flat))).toBe('(abc)', {
        a: [200_000, 200_000],
        b: [3, 3],
        c: [200_000, 200_000],
      });
      const all = () => [large(), new Uint8Array(3), large()];
      run(connect(server, options).pipe(converse((conn) => conn.sendAll(all()))));
    }),
  );

  it(
    'can be read late, while the message is held',
    marbles(({ listen, connect, run, expectObservable }) => {
      const late = (conn: BodyConnection) =>
        conn.messages$.pipe(consume((body) => timer(30).pipe(switchMap(() => counted(body)))));
      expectObservable(listen(server, options).pipe(serve(late))).toBe('30ms a', { a: 200_000 });
      run(connect(server, options).pipe(converse((conn) => conn.send(large()))));
    }),
  );

  it(
    'error for who comes when the message is consumed, and for a second subscriber',
    marbles(({ listen, connect, run, expectObservable }) => {
      const twice = (conn: BodyConnection) =>
        conn.messages$.pipe(consume((body) => merge(counted(body), asCode(counted(body)))));
      const after = (conn: BodyConnection) =>
        conn.messages$.pipe(
          delay(1),
          mergeMap((body) => asCode(counted(body))),
        );
      expectObservable(listen('a:1', options).pipe(serve(twice))).toBe('(ab)', {
        a: 'TypeError',
        b: 200_000,
      });
      expectObservable(listen('b:1', options).pipe(serve(after))).toBe('-(ab)', {
        a: 'hold-lost',
        b: 'hold-lost',
      });
      run(connect('a:1', options).pipe(converse((conn) => conn.send(large()))));
      run(
        connect('b:1', options).pipe(
          converse((conn) => concat(conn.send(large()), conn.send(new Uint8Array(3)))),
        ),
      );
    }),
  );

  it(
    'are skipped from where their reader has left',
    marbles(({ listen, connect, run, expectObservable }) => {
      const begun = (conn: BodyConnection) =>
        conn.messages$.pipe(
          consume(({ body$ }) =>
            body$.pipe(
              take(1),
              map(([first]) => first),
            ),
          ),
        );
      expectObservable(listen(server, options).pipe(serve(begun))).toBe('(ab)', { a: 0, b: 7 });
      run(
        connect(server, options).pipe(
          converse((conn) => concat(conn.send(large()), conn.send(Uint8Array.of(7)))),
        ),
      );
    }),
  );

  it(
    'are read to the end when messages$ is left meanwhile',
    marbles(({ listen, connect, run, expectObservable }) => {
      const first = (conn: BodyConnection) => conn.messages$.pipe(take(1), mergeMap(counted));
      expectObservable(listen(server, options).pipe(serve(first))).toBe('a', { a: 200_000 });
      run(connect(server, options).pipe(converse((conn) => conn.send(large()))));
    }),
  );

  it(
    'go through a relay, in memory that does not grow with them',
    marbles(
      ({ listen, connect, run, expectObservable }) => {
        expectObservable(listen('far:1', options).pipe(serve(sizes))).toBe('a', { a: 20 * 128 * KIB });
        run(
          listen('near:1', options).pipe(
            serve((inside) => connect('far:1', options).pipe(converse((outside) => relay(inside, outside)))),
          ),
        );
        run(connect('near:1', options).pipe(converse((conn) => conn.send(bodyOf(20, 128 * KIB)))));
      },
      { windowBytes: 64 * KIB },
    ),
  );

  it(
    'go to and come from a side that holds messages whole',
    marbles(({ listen, connect, expectObservable }) => {
      const plain$ = listen('plain:1', { framing }).pipe(
        serve((conn) =>
          conn.messages$.pipe(
            consume((message) => concat(of(message.length), conn.send(message).pipe(ignoreElements()))),
          ),
        ),
      );
      expectObservable(plain$).toBe('a', { a: 200_000 });
      const both = (conn: BodyConnection) =>
        merge(conn.send(large()).pipe(ignoreElements()), sizes(conn).pipe(take(1)));
      expectObservable(connect('plain:1', options).pipe(converse(both))).toBe('(a|)', { a: 200_000 });
    }),
  );

  it(
    'go both ways at once',
    marbles(
      ({ listen, connect, expectObservable }) => {
        const both = (conn: BodyConnection) =>
          merge(conn.send(bodyOf(20, 128 * KIB)).pipe(ignoreElements()), sizes(conn).pipe(take(1)));
        const size = 20 * 128 * KIB;
        const [near, far] = hasAnswers ? ['25ms', '30ms'] : ['15ms', '20ms'];
        expectObservable(listen(server, options).pipe(serve(both))).toBe(`${near} a`, { a: size });
        expectObservable(connect(server, options).pipe(converse(both), take(1))).toBe(`${far} (a|)`, {
          a: size,
        });
      },
      { latencyMs: 5, windowBytes: 8 * MIB },
    ),
  );

  it(
    hasAnswers
      ? 'end by write-timeout where the peer would answer them before it reads them: its answer stands behind'
      : 'are echoed while they come',
    marbles(
      ({ listen, connect, run, expectObservable }) => {
        const echo = (conn: BodyConnection) => conn.messages$.pipe(consume((body) => conn.send(body)));
        run(listen(server, options).pipe(serve(echo, { onError: () => {} })));
        const sent$ = connect(server, options).pipe(
          converse((conn) =>
            merge(
              conn.send(bodyOf(40, 64 * KIB)).pipe(
                asCode,
                map((end) => end ?? 'taken'),
              ),
              hasAnswers ? EMPTY : sizes(conn).pipe(take(1), ignoreElements()),
            ),
          ),
          asCode,
        );
        if (hasAnswers)
          expectObservable(sent$).toBe('10s (ab|)', {
            a: 'connection-closed unknown',
            b: 'write-timeout',
          });
        else expectObservable(sent$).toBe('(a|)', { a: 'taken' });
      },
      { windowBytes: 64 * KIB },
    ),
  );

  it(
    'go over a logical connection',
    marbles(({ listen, connect, run, expectObservable }) => {
      run(
        listen(server, options).pipe(
          serve((conn) => concat(conn.send(large()), conn.send(new Uint8Array(3)))),
        ),
      );
      const all$ = connect(server, options).pipe(
        reconnect({ onEnd: 'complete' }),
        mergeMap((conn) => conn.messages$.pipe(consume(counted))),
      );
      expectObservable(all$).toBe('(ab|)', { a: 200_000, b: 3 });
    }),
  );

  it(
    'are no frames for a broadcast',
    marbles(({ listen, run, connect, expectObservable }) => {
      run(listen(server, options).pipe(serve(sizes)));
      const room = broadcast<OutgoingBody | Uint8Array>();
      const tried$ = connect(server, options).pipe(
        take(1),
        mergeMap((conn) => merge(room.join(conn), asCode(defer(() => room.send(large()))))),
        take(1),
      );
      expectObservable(tried$).toBe('(t|)', { t: 'TypeError' });
    }),
  );
});

describe('a connection of streamed bodies', () => {
  it(
    'goes on in another framing between messages, and not inside one',
    marbles(({ listen, connect, run, expectObservable }) => {
      const options = { ...streamed, framing: lengthPrefixed() };
      const swapped$ = listen(server, options).pipe(
        serve((conn) =>
          conn.messages$.pipe(
            consume((body) =>
              concat(asCode(defer(() => conn.reframe({ framing: lines() }).messages$)), counted(body)),
            ),
            take(2),
            ignoreElements(),
            endWith('swap'),
            mergeMap(() => conn.reframe({ framing: lines(), codec: text() }).messages$),
          ),
        ),
      );
      expectObservable(swapped$).toBe('a', { a: 'a line' });
      run(
        connect(server, options).pipe(
          converse((conn) =>
            concat(
              conn.send(large()),
              defer(() => conn.reframe({ framing: lines(), codec: text() }).send('a line')),
            ),
          ),
        ),
      );
    }),
  );

  it(
    'does not go on in another framing while a body waits for its first bytes: what stands behind it is framed already',
    marbles(({ listen, connect, run, expectObservable }) => {
      const options = { ...streamed, framing: lengthPrefixed() };
      run(listen(server, options).pipe(serve((conn) => conn.messages$.pipe(consume(() => EMPTY)))));
      const tried$ = connect(server, options).pipe(
        mergeMap((conn) => {
          const waiting = conn.send({ size: 70_000, body$: NEVER }).subscribe({ error: () => {} });
          const behind = conn.send(new Uint8Array(5)).subscribe({ error: () => {} });
          const swap$ = () =>
            asCode(defer(() => of(conn.reframe({ framing: lines() })).pipe(map(() => 'swapped'))));
          return concat(
            swap$(),
            defer(() => {
              waiting.unsubscribe();
              behind.unsubscribe();
              return swap$();
            }),
          );
        }),
        take(2),
      );
      expectObservable(tried$).toBe('(ts|)', { t: 'TypeError', s: 'swapped' });
    }),
  );
});
