import { type Connection, consume, serve, text, tinyproto } from 'rx-tinyproto';
import { hex, marbles } from 'rx-tinyproto/testing';
import {
  concat,
  concatMap,
  EMPTY,
  ignoreElements,
  map,
  merge,
  mergeMap,
  NEVER,
  range,
  Subject,
  take,
  tap,
  timer,
} from 'rxjs';
import { describe, it } from 'vitest';
import { beside } from '../helpers/beside.js';
import { rawPeer } from '../helpers/raw-peer.js';

const codec = text();
const server = 'server:1';
const deeds = {
  o: hex`ff`,
  a: hex`00 00 00 01 61`,
  K: hex`ff`,
  F: 'fin',
  R: 'rst',
  h: hex`00`,
  n: hex`00 00 00 00`,
} as const;
const drop = consume(() => EMPTY);
const code = map((closed: { by: string; error?: unknown }) =>
  [closed.by, (closed.error as { code?: string } | undefined)?.code].filter(Boolean).join(' '),
);

describe('close', () => {
  it(
    'lets queued sends go out, and ends in order',
    marbles(({ listen, connect, expectObservable }) => {
      const got$ = listen(server, { codec }).pipe(
        serve((conn) => conn.messages$.pipe(consume((m) => timer(2).pipe(map(() => m))))),
      );
      const sends = new Subject<string>();
      const close$ = connect(server, { codec }).pipe(
        mergeMap((conn) => {
          conn.send('a').subscribe(() => sends.next('a'));
          conn.send('b').subscribe(() => sends.next('b'));
          return conn.close().pipe(map(() => 'closed'));
        }),
      );
      expectObservable(got$, '20ms !').toBe('--a-b');
      expectObservable(sends, '20ms !').toBe('a-b');
      expectObservable(close$).toBe('----(c|)', { c: 'closed' });
    }),
  );

  it(
    'completes messages$ at once, drops and counts what still comes, and answers it',
    marbles(({ listen, net, cold, expectObservable }) => {
      const ends$ = listen(server, { codec }).pipe(
        mergeMap((conn) => {
          const pending$ = conn.send('p').pipe(ignoreElements());
          return merge(
            pending$,
            conn.messages$.pipe(ignoreElements()),
            timer(2).pipe(
              mergeMap(() => conn.close()),
              ignoreElements(),
            ),
            conn.closed$,
          );
        }),
      );
      expectObservable(ends$, '2s !').toBe('---------x', {
        x: { by: 'us', dropped: { messages: 2, bytes: 1 } },
      });
      // Its header crosses with ours: a tie, both payloads go. It sends another, answers ours, and ends.
      expectObservable(rawPeer(net, server, cold('o---(anK)F', deeds)), '2s !').toBe('(oh)(pf)', {
        o: 'ff',
        h: '00000001',
        p: '70ffff',
        f: 'fin',
      });
    }),
  );

  it(
    'may be subscribed any number of times, in any state, and always completes',
    marbles(({ listen, connect, expectObservable }) => {
      beside(listen(server).pipe(serve((conn) => conn.messages$.pipe(drop))), expectObservable);
      const closes$ = connect(server).pipe(
        mergeMap((conn) => {
          const close$ = conn.close().pipe(map(() => 'c'));
          return concat(merge(close$, close$), close$, timer(9).pipe(mergeMap(() => close$)));
        }),
      );
      expectObservable(closes$).toBe('(ccc)----(c|)');
    }),
  );

  it(
    'destroys the wire at the deadline when the peer does not read',
    marbles(({ listen, net, cold, expectObservable }) => {
      const ends$ = listen(server).pipe(
        mergeMap((conn) => {
          conn.send(new Uint8Array(10)).subscribe({ error: () => {} });
          return merge(conn.close().pipe(ignoreElements()), conn.closed$.pipe(code));
        }),
      );
      expectObservable(ends$, '20s !').toBe('10s x', { x: 'us close-timeout' });
      expectObservable(rawPeer(net, server, cold('o', deeds)).pipe(ignoreElements())).toBe(
        '10s #',
        undefined,
        { code: 'reset' },
      );
    }),
  );

  it(
    'needs no answer of the peer to be done once everything was said',
    marbles(({ listen, net, cold, expectObservable }) => {
      const ends$ = listen(server, { closeTimeoutMs: 50 }).pipe(
        mergeMap((conn) => merge(conn.close().pipe(ignoreElements()), conn.closed$.pipe(code))),
      );
      expectObservable(ends$, '20s !').toBe('50ms x', { x: 'us' });
      beside(rawPeer(net, server, cold('o', deeds)), expectObservable);
    }),
  );
});

describe('the peer ends', () => {
  it(
    'and all it said is delivered and answered, before FIN goes back',
    marbles(({ listen, net, cold, expectObservable }) => {
      const got$ = listen(server, { codec }).pipe(
        serve((conn) => conn.messages$.pipe(consume((m) => timer(5).pipe(map(() => m))))),
      );
      expectObservable(got$, '20ms !').toBe('-----a----b', { a: 'a', b: '' });
      expectObservable(rawPeer(net, server, cold('(oanF)', deeds)), '20ms !').toBe('(oK)-K----f', {
        o: 'ff',
        K: 'ff',
        f: 'fin',
      });
    }),
  );

  it(
    'and queued sends fail',
    marbles(({ listen, net, cold, expectObservable }) => {
      const fates$ = listen(server).pipe(
        mergeMap((conn) => merge(conn.messages$, conn.send(new Uint8Array(1)), conn.send(new Uint8Array(0)))),
      );
      expectObservable(fates$, '9ms !').toBe('---#', undefined, {
        code: 'connection-closed',
        fate: 'not-sent',
      });
      beside(rawPeer(net, server, cold('o--F', deeds)), expectObservable);
    }),
  );

  it(
    'and a connection that nobody reads any more is closed after a while',
    marbles(({ listen, net, cold, expectObservable }) => {
      const ends$ = listen(server, { codec }).pipe(
        mergeMap((conn) => merge(conn.messages$.pipe(take(1), ignoreElements()), conn.closed$.pipe(code))),
      );
      expectObservable(ends$, '20s !').toBe('2ms 10s x', { x: 'peer close-timeout' });
      beside(rawPeer(net, server, cold('(oa)-(aaF)'.replace('(oa)-', 'o-'), deeds)), expectObservable);
    }),
  );
});

describe('destroy', () => {
  it(
    'ends everything at once: messages$, sends, the wire',
    marbles(({ listen, connect, expectObservable }) => {
      const seen = new Subject<string>();
      beside(
        listen(server, { codec }).pipe(serve((conn) => conn.messages$.pipe(consume(() => NEVER)))),
        expectObservable,
      );
      const all$ = connect(server, { codec }).pipe(
        tap((conn) => {
          conn.send('a').subscribe({ error: () => seen.next('a failed') });
          conn.send('b').subscribe({ error: (e) => seen.next(`b ${e.fate}`) });
          conn.messages$.subscribe({ complete: () => seen.next('messages$ completed') });
          timer(3).subscribe(() => conn.destroy());
        }),
        map(() => 'c'),
      );
      expectObservable(all$).toBe('c--|');
      expectObservable(seen, '9ms !').toBe('---(bm)', { b: 'b not-sent', m: 'messages$ completed' });
    }),
  );

  it(
    'with an error, ends messages$ and connect with it',
    marbles(({ listen, connect, expectObservable }) => {
      const oops = new Error('oops');
      beside(listen(server).pipe(serve((conn) => conn.messages$)), expectObservable);
      const messages$ = (conn: Connection) => conn.messages$;
      const destroyed$ = connect(server).pipe(
        tap((conn) => timer(3).subscribe(() => conn.destroy(oops))),
        mergeMap(messages$),
      );
      expectObservable(destroyed$).toBe('---#', undefined, oops);
    }),
  );

  it(
    'resets the wire inside a frame, where FIN would be misread',
    marbles(({ listen, net, cold, expectObservable }) => {
      const destroyed$ = listen(server).pipe(
        tap((conn) => {
          conn.send(new Uint8Array(3)).subscribe({ error: () => {} });
          timer(2).subscribe(() => conn.destroy());
        }),
        ignoreElements(),
      );
      expectObservable(destroyed$, '9ms !').toBe('');
      expectObservable(rawPeer(net, server, cold('o', deeds)).pipe(ignoreElements())).toBe('--#', undefined, {
        code: 'reset',
      });
    }),
  );

  it(
    'ends with FIN behind the last words, where these are whole: a refusal reaches its peer',
    marbles(({ listen, peer, expectBytes, expectObservable }) => {
      const framing = tinyproto({ maxMessageBytes: 10 });
      const refused$ = listen(server, { framing }).pipe(mergeMap((conn) => conn.closed$.pipe(code)));
      const asking = peer(server).sends('   <ff>-<00 00 00 0b>---|');
      expectBytes(asking).toBe('         <ff>-[<fd>|]');
      expectObservable(refused$, '9ms !').toBe('--x', { x: 'error message-too-large' });
    }),
  );
});

describe('deadlines', () => {
  const cut = (script: string, after: string, what: string) =>
    marbles(({ listen, net, cold, expectObservable }) => {
      const failed$ = listen(server, { codec }).pipe(mergeMap((conn) => conn.messages$));
      expectObservable(failed$, '60s !').toBe(after, undefined, { kind: 'protocol', code: what });
      beside(rawPeer(net, server, cold(script, { ...deeds, p: hex`00 00 00 03 61` })), expectObservable);
    });

  it('cut a header that was begun and not finished', cut('o-h', '2ms 5s #', 'header-timeout'));
  it('cut a payload below its floor rate', cut('o-p', '2ms 10001ms #', 'payload-timeout'));
  it(
    'let a header wait that is not due: an OK may be withheld for ever',
    marbles(({ listen, net, cold, expectObservable }) => {
      const served$ = listen(server, { codec }).pipe(
        serve((conn) => conn.messages$.pipe(consume(() => NEVER))),
      );
      expectObservable(served$, '9m !').toBe('');
      expectObservable(rawPeer(net, server, cold('o-(aan)', deeds)), '9m !').toBe('o-K', {
        o: 'ff',
        K: 'ff',
      });
    }),
  );
  it(
    'cut two sides that hold each other',
    marbles(({ listen, connect, expectObservable }) => {
      const hoard = (conn: Connection<string>) =>
        merge(
          conn.messages$.pipe(consume(() => NEVER)),
          range(100).pipe(concatMap(() => conn.send('x').pipe(ignoreElements()))),
        );
      const served$ = listen(server, { codec }).pipe(
        mergeMap((conn) => merge(hoard(conn), conn.closed$.pipe(code))),
      );
      beside(served$, expectObservable);
      expectObservable(connect(server, { codec }).pipe(mergeMap(hoard)), '60s !').toBe('30s #', undefined, {
        code: 'connection-closed',
        cause: { code: 'mutual-hold' },
      });
    }),
  );
  it(
    'cut a peer that takes none of our bytes',
    marbles(
      ({ listen, net, expectObservable }) => {
        // It opens, and then does not read: the window fills.
        const deaf$ = net.dial(server).pipe(
          tap((wire) => {
            wire.pause();
            wire.bytes$.subscribe({ error: () => {} });
            wire.write(hex`ff`, () => {});
            timer(1).subscribe(() => wire.write(hex`ff`, () => {}));
          }),
        );
        const ends$ = listen(server).pipe(
          mergeMap((conn) => merge(conn.send(new Uint8Array(100_000)), conn.closed$.pipe(code))),
          map((end) => end ?? 'taken'),
        );
        expectObservable(ends$, '60s !').toBe('1ms 10s #', undefined, {
          code: 'connection-closed',
          fate: 'unknown',
        });
        beside(deaf$, expectObservable);
      },
      { windowBytes: 1_000 },
    ),
  );
  it(
    'in half duplex, cut a peer that never answers',
    marbles(({ listen, net, cold, expectObservable }) => {
      const framing = tinyproto({ duplex: 'half' });
      const ends$ = listen(server, { codec, framing }).pipe(
        tap((conn) => conn.send('a').subscribe({ error: () => {} })),
        mergeMap((conn) => conn.closed$.pipe(code)),
      );
      expectObservable(ends$, '60s !').toBe('100ms 30s x', { x: 'error ok-timeout' });
      beside(rawPeer(net, server, cold('o', deeds)), expectObservable);
    }),
  );
});
