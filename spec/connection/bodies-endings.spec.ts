import {
  type BodyConnection,
  type Connection,
  connect as connectTcp,
  consume,
  converse,
  json,
  lengthPrefixed,
  lines,
  listen as listenTcp,
  type OutgoingBody,
  serve,
  tinyproto,
} from 'rx-tinyproto';
import { hex, marbles } from 'rx-tinyproto/testing';
import {
  catchError,
  concat,
  EMPTY,
  map,
  merge,
  mergeMap,
  NEVER,
  type Observable,
  of,
  Subject,
  scan,
  switchMap,
  take,
  takeUntil,
  tap,
  throwError,
  timer,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import { beside } from '../helpers/beside.js';
import { type Deed, rawPeer } from '../helpers/raw-peer.js';

const server = 'server:1';
const streamed = { bodies: 'stream' } as const;
const chunk = (bytes: number) => new Uint8Array(bytes);

const codeOf = (error: { code?: string; name: string; fate?: string }) =>
  [error.code ?? error.name, error.fate].filter(Boolean).join(' ');

const asCode = <T>(source$: Observable<T>): Observable<T | string> =>
  source$.pipe(catchError((error) => of(codeOf(error))));

/** How much of each body has come, part by part, and what became of it; then the end. */
const parts = (conn: BodyConnection) =>
  asCode(
    conn.messages$.pipe(
      consume(({ body$ }) => {
        const bytes$ = body$.pipe(consume(({ length }) => of(length)));
        return asCode(bytes$.pipe(scan((sum, bytes) => sum + bytes, 0)));
      }),
    ),
  );

const taken = (send$: Observable<void>) => asCode(send$.pipe(map(() => 'taken')));

describe.each([
  ['tinyproto', tinyproto()],
  ['lengthPrefixed', lengthPrefixed()],
])('a body on %s', (name, framing) => {
  const options = { ...streamed, framing, maxQueuedBytes: 100_000 };
  const isTinyproto = name === 'tinyproto';

  /** What a source is, and what its sender and the receiver hear of it; a millisecond later the sender sends again. */
  const source = (
    what: string,
    body: () => OutgoingBody,
    expected: { cause: string; sent: string; received: string },
  ) =>
    it(
      what,
      marbles(({ listen, connect, expectObservable }) => {
        expectObservable(listen(server, options).pipe(serve(parts, { onError: () => {} }))).toBe(
          expected.received,
          { f: 5, a: 40_000, r: 'reset' },
        );
        const told = catchError((error) => of(`${codeOf(error)}: ${error.cause}`));
        const sent$ = connect(server, options).pipe(
          converse((conn) => {
            const next$ = timer(1).pipe(switchMap(() => conn.send(chunk(5))));
            return concat(conn.send(body()).pipe(told), next$.pipe(map(() => 'next')));
          }),
          asCode,
        );
        expectObservable(sent$).toBe(expected.sent, {
          n: `body-failed not-sent: ${expected.cause}`,
          u: `body-failed unknown: ${expected.cause}`,
          x: 'next',
          r: 'reset',
        });
      }),
    );

  const noHarm = { sent: 'n(x|)', received: '-f' };
  source(
    'whose source fails before its first byte fails alone',
    () => ({ size: 9, body$: throwError(() => 'oops') }),
    { ...noHarm, cause: 'oops' },
  );
  source('whose source is empty fails alone', () => ({ size: 9, body$: EMPTY }), {
    ...noHarm,
    cause: 'RangeError: a body of 9 bytes ended after 0',
  });
  source('whose first chunk is too long fails alone', () => ({ size: 9, body$: [chunk(10)] }), {
    ...noHarm,
    cause: 'RangeError: a body of 9 bytes has more of them',
  });
  source('whose chunks are none fails alone', () => ({ size: 9, body$: [7] as never }), {
    ...noHarm,
    cause: 'TypeError: a chunk of a body is a Uint8Array',
  });
  source('of no bytes whose source has some fails alone', () => ({ size: 0, body$: [chunk(1)] }), {
    ...noHarm,
    cause: 'RangeError: a body of 0 bytes has more of them',
  });
  source(
    'whose source heeds no hold fails when too much waits',
    () => ({ size: 1 << 20, body$: of(chunk(60_000), chunk(60_000), chunk(60_000)) }),
    { ...noHarm, cause: 'RangeError: 120000 bytes of a body wait already' },
  );

  /** Its first chunk, and what comes 5 ms later. */
  const late = (next$: Observable<Uint8Array>): OutgoingBody => ({
    size: 90_000,
    body$: concat(of(chunk(40_000)), timer(5).pipe(switchMap(() => next$))),
  });
  const harm = { sent: '5ms (ur|)', received: 'a----[rr]' };
  source('that ends too soon resets the connection', () => late(EMPTY), {
    ...harm,
    cause: 'RangeError: a body of 90000 bytes ended after 40000',
  });
  source(
    'that goes on too long resets the connection, and is never whole for the peer',
    () => late(of(chunk(50_000), chunk(1))),
    { ...harm, cause: 'RangeError: a body of 90000 bytes has more of them' },
  );
  source('whose source fails on the way resets the connection', () => late(throwError(() => 'oops')), {
    ...harm,
    cause: 'oops',
  });

  for (const [what, script, received] of [
    ['the peer ends inside it', '[oh]-p-[pF]', '--a-[bcc]'],
    ['the peer resets inside it', '[oh]-p-R', '--a-[rr]'],
    ['the peer ends behind its head', '[ohF]', isTinyproto ? 'c' : '[cc]'],
  ] as const)
    it(
      `errors when ${what}, behind the parts that are here`,
      marbles(({ listen, net, cold, expectObservable }) => {
        const deeds: Record<string, Deed> = { h: hex`00 01 86 a0`, p: chunk(1_000), F: 'fin', R: 'rst' };
        const script$ = cold(script, { ...deeds, o: isTinyproto ? hex`ff` : hex`` });
        expectObservable(listen(server, options).pipe(serve(parts))).toBe(received, {
          a: 1_000,
          b: 2_000,
          c: 'cut-short',
          r: 'reset',
        });
        beside(rawPeer(net, server, script$), expectObservable);
      }),
    );

  it(
    'is read to its end when the peer has ended behind it',
    marbles(({ listen, net, cold, expectObservable }) => {
      const deeds = { h: hex`00 01 86 a0`, p: chunk(100_000), o: isTinyproto ? hex`ff` : hex`` };
      const slowly = (conn: BodyConnection) =>
        conn.messages$.pipe(
          consume(({ body$ }) => body$.pipe(consume(({ length }) => timer(5).pipe(map(() => length))))),
        );
      expectObservable(listen(server, options).pipe(serve(slowly))).toBe('5ms a 4ms b', {
        a: isTinyproto ? 65_531 : 65_532,
        b: isTinyproto ? 34_469 : 34_468,
      });
      const script$ = cold<Deed>('[ohpF]', { ...deeds, F: 'fin' });
      beside(rawPeer(net, server, script$), expectObservable);
    }),
  );

  /** What both hear when the receiver does something 5 ms into a body. */
  const interrupted = (what: string, act: (conn: BodyConnection) => void, received: string, sent: string) =>
    it(
      `errors when its receiver ${what}`,
      marbles(({ listen, connect, expectObservable }) => {
        const acting$ = listen(server, options).pipe(
          tap((conn) => timer(2).subscribe(() => act(conn))),
          mergeMap(parts),
        );
        expectObservable(acting$).toBe(received, { a: 40_000, r: 'reset' });
        const sent$ = connect(server, options).pipe(
          mergeMap((conn) => taken(conn.send(late(of(chunk(50_000)))))),
          take(1),
        );
        expectObservable(sent$).toBe(sent, { u: 'connection-closed unknown', t: 'taken' });
      }),
    );
  interrupted(
    'destroys the connection',
    (conn) => conn.destroy(),
    'a-r',
    isTinyproto ? '--(u|)' : '5ms (t|)',
  );
  // tinyproto's FIN says that no answer comes any more; the other's, only that nothing is sent.
  interrupted(
    'closes the connection',
    (conn) => conn.close().subscribe(),
    'a-r',
    isTinyproto ? '--(u|)' : '5ms (t|)',
  );

  it(
    'is drawn to its end when its send is left, once it has begun',
    marbles(({ listen, connect, run, expectObservable }) => {
      expectObservable(listen(server, options).pipe(serve(parts))).toBe('a----c----d', {
        a: 40_000,
        c: 90_000,
        d: 1,
      });
      const leaving = (conn: BodyConnection) => conn.send(late(of(chunk(50_000)))).pipe(takeUntil(timer(1)));
      run(
        connect(server, options).pipe(
          converse((conn) => merge(leaving(conn), timer(10).pipe(switchMap(() => conn.send(chunk(1)))))),
        ),
      );
    }),
  );

  it(
    'is never opened when its send is left before its turn',
    marbles(({ listen, connect, run, expectObservable }) => {
      const opened = new Subject<string>();
      run(listen(server, options).pipe(serve(parts)));
      run(
        connect(server, options).pipe(
          converse((conn) => {
            const second = {
              size: 70_000,
              body$: NEVER.pipe(tap({ subscribe: () => opened.next('opened') })),
            };
            const leaving = conn.send(second);
            const first$ = conn.send(late(of(chunk(50_000))));
            return merge(first$, timer(1).pipe(tap(() => leaving.subscribe().unsubscribe())));
          }),
        ),
      );
      expectObservable(opened).toBe('');
    }),
  );
});

describe('a body on tinyproto', () => {
  const options = { ...streamed, framing: tinyproto() };
  const head = hex`00 01 86 a0`;
  const heard = (script: string, most: string) =>
    marbles(({ listen, net, cold, expectObservable }) => {
      const script$ = cold<Deed>(script, { o: hex`ff`, h: head, p: chunk(1_000) });
      expectObservable(listen(server, options).pipe(serve(parts)), '90s !').toBe(most, {
        a: 1_000,
        b: 2_000,
        x: 'payload-timeout',
      });
      beside(rawPeer(net, server, script$), expectObservable);
    });

  it(
    'may take longer than payloadTimeoutMs as long as it moves',
    heard('[oh] 6s p 6s p', '6001ms a 6s b 9999ms [xx]'),
  );
  it('fails with payload-timeout when it does not move', heard('[oh] 9s p', '9001ms a 9999ms [xx]'));

  it(
    'may be held for longer than payloadTimeoutMs',
    marbles(
      ({ listen, connect, expectObservable }) => {
        const slow = { ...options, writeTimeoutMs: 60_000, closeTimeoutMs: 300_000 };
        const held = (conn: BodyConnection) =>
          conn.messages$.pipe(
            consume(({ body$ }) => body$.pipe(consume(() => timer(20_000).pipe(map(() => 'part'))))),
          );
        expectObservable(listen(server, slow).pipe(serve(held))).toBe(
          '20s a 19999ms a 19999ms a 19999ms a 19999ms a',
          { a: 'part' },
        );
        const sent$ = connect(server, slow).pipe(
          converse((conn) => taken(conn.send({ size: 150_000, body$: [chunk(150_000)] }))),
        );
        expectObservable(sent$).toBe('40s t 59999ms |', { t: 'taken' });
      },
      { windowBytes: 30_000 },
    ),
  );

  it(
    'is refused by a side with a lower limit, and the next message goes',
    marbles(({ listen, connect, expectObservable }) => {
      const little = tinyproto({ maxMessageBytes: 70_000 });
      expectObservable(listen(server, { ...streamed, framing: little }).pipe(serve(parts))).toBe('a', {
        a: 5,
      });
      const body = { size: 80_000, body$: [chunk(80_000)] };
      const sent$ = connect(server, options).pipe(
        converse((conn) => concat(taken(conn.send(body)), taken(conn.send(chunk(5))))),
      );
      expectObservable(sent$).toBe('(rt|)', { r: 'refused refused', t: 'taken' });
    }),
  );

  it(
    'that is refused in a tie goes out all the same',
    marbles(
      ({ listen, connect, expectObservable }) => {
        const little = tinyproto({ maxMessageBytes: 70_000 });
        const both = (conn: BodyConnection, bytes: number) =>
          merge(taken(conn.send({ size: bytes, body$: [chunk(bytes)] })), parts(conn));
        const a$ = listen(server, { ...streamed, framing: little }).pipe(
          mergeMap((conn) => both(conn, 66_000)),
        );
        const b$ = connect(server, options).pipe(
          mergeMap((conn) =>
            merge(both(conn, 80_000), timer(30).pipe(switchMap(() => taken(conn.send(chunk(7)))))),
          ),
        );
        expectObservable(a$, '90ms !').toBe('25ms t 39ms c', { t: 'taken', c: 7 });
        expectObservable(b$, '90ms !').toBe('25ms - 4ms [ar] 29ms t', {
          a: 66_000,
          r: 'refused refused',
          t: 'taken',
        });
      },
      { latencyMs: 5, windowBytes: 1 << 20 },
    ),
  );
});

describe('the option bodies', () => {
  it('throws a TypeError with a codec, or where the framing has no sizes ahead', () => {
    const wrong = (options: object) => () => connectTcp(1, options);
    expect(wrong({ bodies: 'stream', codec: json() })).toThrow(TypeError);
    expect(wrong({ bodies: 'stream', framing: lines() })).toThrow('lines cannot carry bodies as streams');
    expect(wrong({ bodies: 'stream', framing: lengthPrefixed({ strip: 0 }) })).toThrow(TypeError);
    expect(wrong({ bodies: true })).toThrow(TypeError);
    expect(() => listenTcp(1, { bodies: 'whole' } as never)).toThrow(TypeError);
  });

  it(
    'has send throw a TypeError for what is no body',
    marbles(({ listen, connect, run }) => {
      run(listen(server, streamed).pipe(serve(parts)));
      const check = (conn: Connection<unknown, never>) => {
        const bytes = chunk(3);
        for (const wrong of [
          { size: 3 },
          { size: 1.5, body$: [bytes] },
          { size: 3, body$: bytes },
          'abc',
          null,
        ])
          expect(() => conn.send(wrong as never)).toThrow(TypeError);
      };
      run(
        connect(server, streamed).pipe(converse((conn) => EMPTY.pipe(tap({ complete: () => check(conn) })))),
      );
    }),
  );
});

it('a body that is still coming fails before its connection has no more messages, where that is closed', () => {
  const log: string[] = [];
  marbles(
    ({ listen, connect, run, flush }) => {
      run(
        listen(server, { ...streamed, framing: lengthPrefixed() }).pipe(
          mergeMap((conn) => {
            conn.messages$.subscribe({
              next: ({ size, body$ }) => {
                log.push(`${size}`);
                body$.subscribe({ error: ({ code }) => log.push(code) });
              },
              complete: () => log.push('|'),
            });
            return timer(5).pipe(switchMap(() => conn.close()));
          }),
        ),
      );
      const slow = { size: 70_000, body$: concat(of(chunk(40_000)), NEVER) };
      run(
        connect(server, { ...streamed, framing: lengthPrefixed() }).pipe(
          converse((conn) => merge(conn.send(slow), conn.send(chunk(1))).pipe(takeUntil(timer(9)))),
          asCode,
        ),
      );
      flush();
    },
    { allow: ['open-connections', 'undelivered'] },
  )();
  expect(log).toEqual(['70000', 'reset', '|']);
});
