import {
  type Connection,
  connect as connectReal,
  consume,
  converse,
  ProtocolError,
  serve,
  text,
  WireError,
} from 'rx-tinyproto';
import { hex, marbles, virtualNetwork } from 'rx-tinyproto/testing';
import type { Transport } from 'rx-tinyproto/transport';
import {
  asapScheduler,
  concat,
  defer,
  ignoreElements,
  map,
  merge,
  mergeMap,
  NEVER,
  Subject,
  subscribeOn,
  switchMap,
  take,
  tap,
  throwError,
  timer,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import { beside } from '../helpers/beside.js';

const codec = text();
const server = 'server:1';

describe('connect', () => {
  it(
    'emits the connection when the opening is done, and completes after a clean end',
    marbles(({ listen, connect, expectObservable }) => {
      const served$ = listen(server).pipe(serve(() => timer(5)));
      beside(served$, expectObservable);
      expectObservable(connect(server).pipe(map(() => 'c'))).toBe('c----|');
    }),
  );

  it(
    'errors with what ended the connection',
    marbles(({ net, connect, cold, expectObservable }) => {
      // A server of bytes: opens, and sends a signal that is none.
      const bytes$ = net.listen(server).pipe(
        tap((wire) => {
          wire.write(hex`ff`, () => {});
          wire.bytes$.subscribe({ error: () => {} });
        }),
        mergeMap((wire) => cold('---x').pipe(tap(() => wire.write(hex`f7`, () => {})))),
      );
      beside(bytes$, expectObservable);
      expectObservable(connect(server).pipe(map(() => 'c'))).toBe('c--#', undefined, {
        code: 'unexpected-signal',
      });
    }),
  );

  for (const [answer, code] of [
    [hex`fe`, 'connection-limit'],
    [hex`fd`, 'conflict'],
    [hex`00`, 'opening-refused'],
    [hex`47`, 'bad-opening'],
  ] as const) {
    it(
      `errors with ${code} at an opening byte ${answer[0]?.toString(16).padStart(2, '0')}`,
      marbles(({ net, connect, expectObservable }) => {
        const bytes$ = net.listen(server).pipe(
          tap((wire) => {
            wire.bytes$.subscribe({ error: () => {} });
            wire.write(answer, () => {});
          }),
        );
        beside(bytes$, expectObservable);
        expectObservable(connect(server)).toBe('#', undefined, { code, kind: 'protocol' });
      }),
    );
  }

  it(
    'errors when nobody listens, when nobody answers, and when the road is black',
    marbles(({ net, connect, expectObservable }) => {
      const black: Transport = { ...net, dial: () => NEVER };
      const silent$ = net.listen('silent:1').pipe(tap((wire) => wire.bytes$.subscribe({ error: () => {} })));
      beside(silent$, expectObservable);
      expectObservable(connect(server)).toBe('#', undefined, { code: 'connection-refused' });
      expectObservable(connect('silent:1')).toBe('5s #', undefined, { code: 'opening-timeout' });
      expectObservable(connect(server, { transport: black })).toBe('10s #', undefined, {
        code: 'connect-timeout',
      });
      expectObservable(connect(server, { transport: black, connectTimeoutMs: 20 })).toBe(
        '20ms #',
        undefined,
        {
          code: 'connect-timeout',
        },
      );
    }),
  );

  it(
    'closes in order when it is unsubscribed',
    marbles(({ listen, connect, expectObservable }) => {
      const ends = new Subject<unknown>();
      const served$ = listen(server, { codec }).pipe(
        tap((conn) => conn.closed$.subscribe(ends)),
        serve((conn) => conn.messages$),
      );
      expectObservable(served$, '20ms !').toBe('a', { a: 'a' });
      expectObservable(ends.pipe(map((closed) => closed as object))).toBe('---(x|)', {
        x: { by: 'peer', dropped: { messages: 0, bytes: 0 } },
      });
      expectObservable(connect(server, { codec }).pipe(mergeMap((conn) => conn.send('a'))), '---!').toBe(
        'a',
        { a: undefined },
      );
    }),
  );

  it(
    'closes at once below take(1)',
    marbles(({ listen, connect, expectObservable }) => {
      beside(listen(server).pipe(serve((conn) => conn.messages$)), expectObservable);
      const by$ = connect(server).pipe(
        take(1),
        mergeMap((conn) => conn.closed$),
        map(({ by }) => by),
      );
      expectObservable(by$).toBe('(u|)', { u: 'us' });
    }),
  );

  it('gives up in every phase when it is unsubscribed, and leaves nothing open', () => {
    for (let ms = 0; ms < 12; ms++) {
      marbles(
        ({ net, listen, connect, expectObservable }) => {
          const ends = new Subject<number>();
          let open = 0;
          const counted: Transport = {
            ...net,
            listen: (address, options) =>
              net.listen(address, options).pipe(
                tap((wire) => {
                  open++;
                  wire.closed$.subscribe(() => ends.next(--open));
                }),
              ),
          };
          beside(
            listen(server, { transport: counted }).pipe(serve((conn) => conn.messages$)),
            expectObservable,
          );
          expectObservable(connect(server).pipe(ignoreElements()), `${ms}ms !`).toBe('');
          expectObservable(timer(100).pipe(map(() => open))).toBe('100ms (n|)', { n: 0 });
        },
        { latencyMs: 2 },
      )();
    }
  });

  it('throws at once for addresses and options that cannot be meant', () => {
    const options = { transport: virtualNetwork() };
    expect(() => connectReal('a:b:c', options)).toThrow(TypeError);
    expect(() => connectReal(65_536, options)).toThrow(RangeError);
    expect(() => connectReal('*:1', options)).toThrow(TypeError);
    expect(() => connectReal(1, { ...options, connectTimeoutMs: 0 })).toThrow(RangeError);
  });
});

describe('converse', () => {
  it(
    'emits what the handler emits, and closes in order when it completes',
    marbles(({ listen, connect, expectObservable }) => {
      const served$ = listen(server, { codec }).pipe(
        serve((conn) => conn.messages$.pipe(consume((m) => conn.send(m)))),
      );
      const answer$ = connect(server, { codec }).pipe(
        converse((conn) => merge(conn.send('a').pipe(ignoreElements()), conn.messages$.pipe(take(1)))),
      );
      beside(served$, expectObservable);
      expectObservable(answer$).toBe('(a|)');
    }),
  );

  it(
    'passes errors of the handler on, and destroys the connection',
    marbles(({ listen, connect, expectObservable }) => {
      const by = new Subject<string>();
      const served$ = listen(server).pipe(
        tap((conn) => conn.closed$.subscribe((closed) => by.next(closed.by))),
        serve((conn) => conn.messages$),
      );
      expectObservable(by, '9ms !').toBe('pp', { p: 'peer' });
      beside(served$, expectObservable);
      expectObservable(connect(server).pipe(converse(() => throwError(() => 'oops')))).toBe(
        '#',
        undefined,
        'oops',
      );
      const late$ = timer(1).pipe(
        switchMap(() =>
          connect(server).pipe(
            converse(() => {
              throw 'thrown';
            }),
          ),
        ),
      );
      expectObservable(late$).toBe('-#', undefined, 'thrown');
    }),
  );

  it(
    'passes errors of the connection on',
    marbles(({ listen, connect, expectObservable }) => {
      const served$ = listen(server).pipe(
        mergeMap((conn) => timer(3).pipe(tap(() => conn.destroy(new Error('oops'))))),
      );
      beside(served$, expectObservable);
      const both$ = connect(server).pipe(converse((conn) => conn.messages$));
      expectObservable(both$).toBe('---#', undefined, new WireError('reset', ''));
      expectObservable(connect('nobody:1').pipe(converse(() => NEVER))).toBe(
        '#',
        undefined,
        new WireError('connection-refused', ''),
      );
    }),
  );

  /** A server of bytes, which says three messages and a signal that is none in one chunk. */
  const fails = (net: Transport) =>
    net.listen(server).pipe(
      tap((wire) => {
        wire.bytes$.subscribe({ error: () => {} });
        wire.write(hex`ff 00000001 61 00000001 62 00000001 63 f7`, () => {});
      }),
    );
  const failed = new ProtocolError('unexpected-signal', '');

  it(
    'has a handler read what had come before an error, however long it takes over each',
    marbles(({ net, connect, expectObservable }) => {
      beside(fails(net), expectObservable);
      const delivered = new Subject<string>();
      const slowly = (conn: Connection<string>) =>
        conn.messages$.pipe(
          tap((line) => delivered.next(line)),
          consume(() => timer(5)),
        );
      const slow$ = connect(server, { codec }).pipe(converse(slowly), ignoreElements());
      expectObservable(delivered, '20ms !').toBe('a----b----c');
      // The end is told without waiting for the last message to be done.
      expectObservable(slow$).toBe('----------#', undefined, failed);
    }),
  );

  it(
    'has a handler that takes one at a time come back for the next',
    marbles(({ net, connect, expectObservable }) => {
      beside(fails(net), expectObservable);
      const one = (conn: Connection<string>) => conn.messages$.pipe(take(1));
      const later = (conn: Connection<string>) => defer(() => one(conn)).pipe(subscribeOn(asapScheduler));
      const each$ = connect(server, { codec }).pipe(
        converse((conn) => concat(one(conn), later(conn), later(conn), NEVER)),
      );
      expectObservable(each$).toBe('(abc#)', undefined, failed);
    }),
  );

  it(
    'passes an error on at once to a handler that does not read',
    marbles(({ net, connect, expectObservable }) => {
      beside(fails(net), expectObservable);
      expectObservable(connect(server).pipe(converse(() => NEVER))).toBe('#', undefined, failed);
    }),
  );
});
