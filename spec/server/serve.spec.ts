import { type Connection, consume, converse, type ServerEvent, serve, text } from 'rx-tinyproto';
import { hex, marbles } from 'rx-tinyproto/testing';
import {
  concat,
  concatMap,
  EMPTY,
  finalize,
  ignoreElements,
  map,
  merge,
  mergeMap,
  NEVER,
  Subject,
  take,
  takeUntil,
  tap,
  throwError,
  timer,
} from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { beside } from '../helpers/beside.js';
import { rawPeer } from '../helpers/raw-peer.js';

const codec = text();
const server = 'server:1';
const deeds = { o: hex`ff`, a: hex`00 00 00 01 61`, K: hex`ff`, F: 'fin', R: 'rst', x: hex`f7` } as const;

describe('serve', () => {
  it(
    'passes on what the handlers emit, and closes a connection in order when its handler completes',
    marbles(({ listen, connect, expectObservable }) => {
      const results$ = listen(server, { codec }).pipe(serve((conn) => conn.messages$.pipe(take(2))));
      const client$ = connect(server, { codec }).pipe(
        converse((conn) => merge(conn.messages$, conn.sendAll(['a', 'b']))),
      );
      expectObservable(results$, '20ms !').toBe('(ab)');
      expectObservable(client$.pipe(ignoreElements())).toBe('|');
    }),
  );

  it(
    'harms one connection alone when its handler errors or throws',
    marbles(({ listen, connect, expectObservable }) => {
      const heard: unknown[] = [];
      const handler = (conn: Connection<string>) =>
        conn.messages$.pipe(
          consume((message) => {
            if (message === 'throw') throw 'thrown';
            return message === 'error' ? throwError(() => 'errored') : conn.send(message);
          }),
        );
      const served$ = listen(server, { codec }).pipe(
        serve(handler, { onError: (error) => heard.push(error) }),
      );
      const ask = (message: string) =>
        connect(server, { codec }).pipe(
          converse((conn) => merge(conn.messages$, conn.send(message).pipe(ignoreElements()))),
        );
      expectObservable(served$.pipe(ignoreElements()), '9ms !').toBe('');
      expectObservable(ask('throw').pipe(ignoreElements()), '9ms !').toBe('|');
      expectObservable(ask('error').pipe(ignoreElements()), '9ms !').toBe('|');
      expectObservable(concat(timer(2).pipe(ignoreElements()), ask('well').pipe(take(1)))).toBe('--(w|)', {
        w: 'well',
      });
      expectObservable(timer(8).pipe(map(() => heard))).toBe('8ms (h|)', { h: ['thrown', 'errored'] });
    }),
  );

  it(
    'tells what a handler has failed with in `closed$`, and nothing of it to the peer',
    marbles(({ listen, net, cold, expectObservable }) => {
      const closings: unknown[] = [];
      const events: unknown[] = [];
      const tell = (event: ServerEvent) => event.type === 'closed' && events.push(event.closed);
      const served$ = listen(server, { codec, eventObserver: { next: tell } }).pipe(
        tap((conn) => conn.closed$.subscribe((closed) => closings.push(closed))),
        serve((conn) => conn.messages$.pipe(consume(() => throwError(() => 'mine'))), { onError: () => {} }),
      );
      expectObservable(served$.pipe(ignoreElements()), '9ms !').toBe('');
      expectObservable(rawPeer(net, server, cold('o-a', deeds)), '8ms !').toBe('g-(hf)', {
        g: 'ff',
        h: 'ff',
        f: 'fin',
      });
      const told = { by: 'us', handlerError: 'mine', dropped: { messages: 0, bytes: 0 } };
      expectObservable(timer(8).pipe(map(() => [closings, events]))).toBe('8ms (t|)', {
        t: [[told], [told]],
      });
    }),
  );

  it(
    'closes what a handler leaves whose teardown throws, tells that, and stops all the same',
    marbles(({ listen, connect, expectObservable }) => {
      const heard: unknown[] = [];
      const throwing = finalize(() => {
        throw new Error('in a teardown');
      });
      const served$ = listen(server).pipe(
        takeUntil(timer(5)),
        serve((_, { stopping$ }) => merge(timer(2), NEVER).pipe(takeUntil(stopping$), throwing), {
          onError: (error) => heard.push(error),
        }),
      );
      expectObservable(served$.pipe(ignoreElements())).toBe('-----|');
      expectObservable(connect(server).pipe(ignoreElements())).toBe('-----|');
      expectObservable(connect(server).pipe(ignoreElements())).toBe('-----|');
      expectObservable(timer(8).pipe(map(() => heard.length))).toBe('8ms (n|)', { n: 2 });
    }),
  );

  it(
    'runs handlers that throw before they return as ones that error',
    marbles(({ listen, connect, expectObservable }) => {
      const heard = new Subject<unknown>();
      const thrower = () => {
        throw 'thrown';
      };
      const served$ = listen(server).pipe(serve(thrower, { onError: (error) => heard.next(error) }));
      expectObservable(heard, '5ms !').toBe('x', { x: 'thrown' });
      beside(served$, expectObservable);
      beside(connect(server), expectObservable);
    }),
  );

  it(
    'tells the handlers to stop when the source completes, and completes when the last connection is closed',
    marbles(({ listen, connect, expectObservable, hot }) => {
      const stop$ = hot('                ---x');
      const served$ = listen(server, { codec }).pipe(
        takeUntil(stop$),
        serve((conn, { stopping$ }) =>
          merge(
            conn.messages$.pipe(takeUntil(stopping$), ignoreElements()),
            stopping$.pipe(concatMap(() => timer(4).pipe(concatMap(() => conn.send('bye'))))),
          ).pipe(map(() => 'd')),
        ),
      );
      const idle$ = connect(server, { codec }).pipe(converse((conn) => conn.messages$));
      expectObservable(served$).toBe('-------(d|)');
      expectObservable(idle$).toBe('  -------(b|)', { b: 'bye' });
    }),
  );

  it(
    'stops at once when nobody is connected, and takes nobody in any more',
    marbles(({ listen, connect, expectObservable, hot }) => {
      const stop$ = hot('                                     --x');
      expectObservable(
        listen(server).pipe(
          takeUntil(stop$),
          serve(() => NEVER),
        ),
      ).toBe('--|');
      const late$ = timer(3).pipe(mergeMap(() => connect(server)));
      expectObservable(late$).toBe('---#', undefined, { code: 'connection-refused' });
    }),
  );

  it(
    'gives handlers that do not stop their grace, and then no more',
    marbles(({ listen, connect, expectObservable, hot }) => {
      const unsubscribed = new Subject<string>();
      const stop$ = hot('---x');
      const served$ = listen(server).pipe(
        takeUntil(stop$),
        serve(() => NEVER.pipe(tap({ unsubscribe: () => unsubscribed.next('u') })), { graceMs: 20 }),
      );
      expectObservable(served$).toBe('     --- 20ms |');
      expectObservable(unsubscribed, '30ms !').toBe('--- 20ms u');
      expectObservable(connect(server).pipe(ignoreElements())).toBe('--- 20ms |');
    }),
  );

  it(
    'destroys everything at once when it is unsubscribed',
    marbles(({ listen, connect, expectObservable }) => {
      const served$ = listen(server, { codec }).pipe(
        serve((conn) => conn.messages$.pipe(consume(() => NEVER))),
      );
      const client$ = connect(server, { codec }).pipe(
        mergeMap((conn) => merge(conn.send('a'), conn.messages$)),
      );
      expectObservable(served$, '----!').toBe('');
      expectObservable(client$.pipe(ignoreElements())).toBe('----|');
      const late$ = timer(6).pipe(mergeMap(() => connect(server)));
      expectObservable(late$).toBe('------#', undefined, { code: 'connection-refused' });
    }),
  );

  it(
    'drops errors of the peer and of the road, and reports others',
    marbles(({ listen, net, connect, cold, expectObservable }) => {
      const report = vi.spyOn(console, 'error').mockImplementation(() => {});
      const served$ = listen(server, { codec }).pipe(
        serve((conn) =>
          conn.messages$.pipe(consume((message) => (message === 'mine' ? throwError(() => 'mine') : EMPTY))),
        ),
      );
      beside(served$, expectObservable);
      beside(rawPeer(net, server, cold('o--x', deeds)), expectObservable);
      beside(rawPeer(net, server, cold('o--R', deeds)), expectObservable);
      beside(connect(server, { codec }).pipe(mergeMap((conn) => conn.send('mine'))), expectObservable);
      const reported$ = timer(9).pipe(
        map(() => [...report.mock.calls]),
        finalize(() => report.mockRestore()),
      );
      expectObservable(reported$).toBe('9ms (r|)', { r: [['mine']] });
    }),
  );

  it('refuses a grace that is none', () => {
    expect(() => serve(() => EMPTY, { graceMs: -1 })).toThrow(RangeError);
    expect(() => serve(() => EMPTY, { graceMs: 'x' as never })).toThrow(TypeError);
  });
});

describe('listen', () => {
  it(
    'tells one too many so, and takes the next when a place is free',
    marbles(({ listen, net, connect, cold, expectObservable }) => {
      const served$ = listen(server, { maxConnections: 1 }).pipe(serve((conn) => conn.messages$));
      const first$ = connect(server).pipe(takeUntil(timer(4)), ignoreElements());
      const second$ = timer(2).pipe(mergeMap(() => connect(server)));
      const third$ = timer(6).pipe(mergeMap(() => connect(server).pipe(map(() => 'c'))));
      expectObservable(served$, '20ms !').toBe('');
      expectObservable(first$).toBe('----|');
      expectObservable(second$).toBe('--#', undefined, { code: 'connection-limit' });
      expectObservable(third$, '20ms !').toBe('------c');
      const told$ = timer(7).pipe(mergeMap(() => rawPeer(net, server, cold('o', deeds))));
      expectObservable(told$, '20ms !').toBe('-------(xf)', { x: 'fe', f: 'fin' });
    }),
  );

  it(
    'listens on several addresses, and tells all of them in the order asked',
    marbles(({ listen, connect, expectObservable }) => {
      const bound = new Subject<unknown>();
      const served$ = listen(['one:1', 'two:0', { path: '/three' }], { codec, openObserver: bound }).pipe(
        serve((conn) => conn.send('hello')),
      );
      const hello$ = (address: string | { path: string }) =>
        connect(address, { codec }).pipe(converse((conn) => conn.messages$));
      expectObservable(
        bound.pipe(
          take(1),
          map((all) => JSON.stringify(all)),
        ),
        '5ms !',
      ).toBe('(x|)', {
        x: '[{"host":"one","port":1},{"host":"two","port":49152},{"path":"/three"}]',
      });
      beside(served$, expectObservable);
      expectObservable(merge(hello$('one:1'), hello$({ path: '/three' }))).toBe('(hh|)', { h: 'hello' });
    }),
  );

  it(
    'binds none of its addresses if it cannot bind all of them',
    marbles(({ listen, connect, expectObservable }) => {
      expectObservable(listen('taken:1'), '20ms !').toBe('');
      const failed$ = timer(1).pipe(mergeMap(() => listen(['free:1', 'taken:1', 'free:2'])));
      expectObservable(failed$).toBe('-#', undefined, { code: 'address-in-use' });
      const free$ = timer(2).pipe(mergeMap(() => merge(connect('free:1'), connect('free:2'))));
      expectObservable(free$).toBe('--#', undefined, { code: 'connection-refused' });
    }),
  );

  it(
    'destroys a connection that nobody claims',
    marbles(({ listen, connect, expectObservable }) => {
      const lost$ = listen(server, { claimTimeoutMs: 10 }).pipe(
        mergeMap((conn) => conn.closed$.pipe(map((c) => c.error))),
      );
      expectObservable(lost$, '20ms !').toBe('10ms x', { x: { code: 'unclaimed' } });
      beside(connect(server), expectObservable);
    }),
  );

  it(
    'destroys what is still opening when it is unsubscribed, and leaves what is open',
    marbles(({ listen, net, connect, cold, expectObservable }) => {
      const open$ = listen(server, { codec }).pipe(
        takeUntil(timer(3)),
        mergeMap((conn) => conn.messages$),
      );
      expectObservable(open$, '20ms !').toBe('-----a');
      const client$ = connect(server, { codec }).pipe(
        mergeMap((conn) => timer(5).pipe(mergeMap(() => conn.send('a')))),
      );
      expectObservable(client$, '20ms !').toBe('-----x', { x: undefined });
      expectObservable(rawPeer(net, server, cold('-', deeds)), '20ms !').toBe('o--f', { o: 'ff', f: 'fin' });
    }),
  );

  it(
    'cuts a peer that does not open in time',
    marbles(({ listen, net, cold, expectObservable }) => {
      expectObservable(listen(server), '10s !').toBe('');
      expectObservable(rawPeer(net, server, cold('-', deeds)), '10s !').toBe('o 4999ms f', {
        o: 'ff',
        f: 'fin',
      });
    }),
  );

  it('throws at once for addresses and options that cannot be meant', () => {
    marbles(({ listen }) => {
      expect(() => listen([])).toThrow(RangeError);
      expect(() => listen(-1)).toThrow(RangeError);
      expect(() => listen({} as never)).toThrow(TypeError);
      expect(() => listen(1, { maxConnections: 0 })).toThrow(RangeError);
      expect(() => listen(1, { claimTimeoutMs: Number.NaN })).toThrow(RangeError);
      expect(() => listen(1, { maxQueuedBytes: '1' as never })).toThrow(TypeError);
    })();
  });
});
