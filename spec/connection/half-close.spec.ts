import { consume, converse, lines, serve, text, tinyproto } from 'rx-tinyproto';
import { marbles } from 'rx-tinyproto/testing';
import {
  concat,
  ignoreElements,
  map,
  merge,
  mergeMap,
  NEVER,
  type Observable,
  switchMap,
  take,
  takeUntil,
  tap,
  timer,
} from 'rxjs';
import { describe, expect, it } from 'vitest';

const server = 'server:1';
const inLines = { framing: lines(), codec: text() };
const late = (ms: number) => consume((message: string) => timer(ms).pipe(map(() => message)));

describe('end', () => {
  it(
    'sends FIN behind what was sent, and goes on reading',
    marbles(({ listen, connect, run, expectObservable }) => {
      run(listen(server, inLines).pipe(serve((conn) => upper(conn))));
      const answers$ = connect(server, inLines).pipe(
        converse((conn) =>
          merge(conn.messages$, concat(conn.sendAll(['a', 'b']), conn.end()).pipe(map((_, at) => `${at}`))),
        ),
      );
      expectObservable(answers$).toBe('[01]--A--[B|]');
    }),
  );

  it(
    'lets a server answer a peer that has ended already',
    marbles(({ listen, connect, run, expectObservable }) => {
      run(
        listen(server, { ...inLines, allowHalfOpen: true }).pipe(
          serve((conn) =>
            concat(conn.messages$.pipe(ignoreElements()), timer(4).pipe(mergeMap(() => conn.send('late')))),
          ),
        ),
      );
      const answers$ = connect(server, inLines).pipe(
        converse((conn) => merge(conn.messages$, conn.end().pipe(ignoreElements()))),
      );
      expectObservable(answers$).toBe('----[l|]', { l: 'late' });
    }),
  );

  it(
    'goes back by itself when all is consumed and answered, unless `allowHalfOpen`',
    marbles(
      ({ listen, connect, expectObservable }) => {
        const ends = (allowHalfOpen: boolean) =>
          listen(allowHalfOpen ? 'open:1' : 'shut:1', { ...inLines, allowHalfOpen }).pipe(
            tap((conn) => conn.messages$.pipe(late(5)).subscribe()),
            mergeMap((conn) => conn.closed$),
            map(({ by }) => by),
          );
        const ended = (address: string) =>
          connect(address, inLines).pipe(mergeMap((conn) => concat(conn.send('a'), conn.end())));
        expectObservable(ends(false), '20ms !').toBe('-----p', { p: 'peer' });
        expectObservable(ends(true), '20ms !').toBe('');
        expectObservable(ended('shut:1').pipe(ignoreElements())).toBe('-----|');
        expectObservable(ended('open:1').pipe(ignoreElements()), '20ms !').toBe('');
      },
      { allow: ['open-connections'] },
    ),
  );

  it(
    'is no word of tinyproto',
    marbles(({ listen, connect, run }) => {
      run(listen(server).pipe(serve((conn) => conn.messages$)));
      run(
        connect(server).pipe(
          tap((conn) => expect(() => conn.end()).toThrow(TypeError)),
          take(1),
        ),
      );
    }),
  );
});

function upper(conn: { messages$: Observable<string>; send(message: string): Observable<void> }) {
  return conn.messages$.pipe(
    late(3),
    consume((message) => conn.send(message.toUpperCase())),
  );
}

describe('the end of a peer', () => {
  it(
    'that cuts a message comes behind the messages before it, however slowly they are read',
    marbles(({ listen, net, run, expectObservable }) => {
      const got$ = listen(server, inLines).pipe(mergeMap((conn) => conn.messages$.pipe(late(3))));
      expectObservable(got$).toBe('---a--(b#)', undefined, { kind: 'protocol', code: 'cut-short' });
      run(
        net.dial(server).pipe(
          tap((wire) => {
            wire.bytes$.subscribe();
            wire.write(new TextEncoder().encode('a\nb\nc'), () => {});
            wire.end(() => {});
          }),
        ),
      );
    }),
  );

  it.each([
    { name: 'as the connection did', ends: false, error: { kind: 'wire', code: 'close-timeout' } },
    {
      name: 'with what is wrong, where that ended cleanly',
      ends: true,
      error: { kind: 'protocol', code: 'cut-short' },
    },
  ])(
    'that cuts a message is no clean one for who reads it when the connection is long gone: it ends $name',
    ({ ends, error }) =>
      marbles(({ listen, net, run, expectObservable }) => {
        const got$ = listen(server, { ...inLines, allowHalfOpen: true, closeTimeoutMs: 5 }).pipe(
          mergeMap((conn) =>
            merge(
              concat(
                conn.messages$.pipe(takeUntil(timer(2))),
                conn.closed$.pipe(switchMap(() => conn.messages$)),
              ),
              ends ? conn.end().pipe(ignoreElements()) : NEVER,
            ),
          ),
        );
        expectObservable(got$).toBe(ends ? 'a--#' : 'a-------#', undefined, error);
        run(
          net.dial(server).pipe(
            tap((wire) => {
              wire.bytes$.subscribe({ error: () => {} });
              wire.write(new TextEncoder().encode('a\nb'), () => {});
              timer(3).subscribe(() => wire.end(() => {}));
            }),
          ),
        );
      })(),
  );

  it(
    'is noticed by who only sends',
    marbles(({ listen, connect, run, expectObservable }) => {
      run(listen(server, inLines).pipe(serve((conn) => conn.messages$.pipe(take(1)))));
      expectObservable(
        connect(server, inLines).pipe(
          mergeMap((conn) => conn.send('a')),
          ignoreElements(),
        ),
      ).toBe('|');
    }),
  );
});

describe('reframe', () => {
  it(
    'goes on in another framing, to the byte, also when both came in one chunk',
    marbles(
      ({ listen, net, run, expectObservable }) => {
        const got$ = listen(server, inLines).pipe(
          serve((conn) =>
            conn.messages$.pipe(
              take(1),
              mergeMap((greeting) => {
                const binary = conn.reframe({ framing: tinyproto() });
                return merge(
                  [greeting],
                  binary.messages$.pipe(consume((bytes) => [Buffer.from(bytes).toString()])),
                );
              }),
            ),
          ),
        );
        expectObservable(got$, '20ms !').toBe('[hab]', { h: 'hello', a: 'a', b: 'b' });
        const dialled = net.dial(server).pipe(
          tap((wire) => {
            wire.bytes$.subscribe();
            wire.write(
              new Uint8Array(Buffer.from('hello\n\xff\x00\x00\x00\x01a\x00\x00\x00\x01b', 'latin1')),
              () => {},
            );
          }),
        );
        run(dialled);
      },
      { allow: ['open-connections'] },
    ),
  );

  it(
    'works from both sides, and sends wait for the opening of the new framing',
    marbles(({ listen, connect, run, expectObservable }) => {
      run(
        listen(server, inLines).pipe(
          serve((conn) =>
            conn.messages$.pipe(
              take(1),
              mergeMap(() => conn.send('ok')),
              mergeMap(() => {
                const binary = conn.reframe({ framing: tinyproto(), codec: text() });
                return binary.messages$.pipe(consume((message) => binary.send(message.toUpperCase())));
              }),
            ),
          ),
        ),
      );
      const talk$ = connect(server, inLines).pipe(
        converse((conn) =>
          merge(conn.send('upgrade').pipe(ignoreElements()), conn.messages$.pipe(take(1))).pipe(
            mergeMap((ok) => {
              const binary = conn.reframe({ framing: tinyproto(), codec: text() });
              return merge(
                [ok],
                binary.sendAll(['a', 'b']).pipe(ignoreElements()),
                binary.messages$.pipe(take(2)),
              );
            }),
          ),
        ),
      );
      expectObservable(talk$).toBe('[oAB|]', { o: 'ok', A: 'A', B: 'B' });
    }),
  );

  it(
    'refuses where the present framing has state on both sides, and on a connection that has ended',
    marbles(({ listen, connect, run }) => {
      run(listen(server).pipe(serve((conn) => conn.messages$)));
      run(
        connect(server).pipe(
          tap((conn) => expect(() => conn.reframe({ framing: lines() })).toThrow(TypeError)),
          take(1),
        ),
      );
      run(listen('lines:1', inLines).pipe(serve((conn) => conn.messages$)));
      run(
        connect('lines:1', inLines).pipe(
          tap((conn) => {
            conn.destroy();
            expect(() => conn.reframe({ framing: tinyproto() })).toThrow(
              expect.objectContaining({ code: 'reset' }),
            );
          }),
        ),
      );
    }),
  );
});
