import { consume, converse, serve, text, tinyproto } from 'rx-tinyproto';
import { hex, marbles } from 'rx-tinyproto/testing';
import {
  catchError,
  concat,
  concatMap,
  EMPTY,
  from,
  ignoreElements,
  map,
  merge,
  mergeMap,
  type Observable,
  of,
  range,
  Subject,
  switchMap,
  take,
  takeUntil,
  tap,
  timer,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import { beside } from '../helpers/beside.js';
import { rawPeer } from '../helpers/raw-peer.js';

const codec = text();
const server = 'server:1';

/** The opening byte, a message of one letter, an OK, as the wire has them. */
const deeds = {
  o: hex`ff`,
  a: hex`00 00 00 01 61`,
  b: hex`00 00 00 01 62`,
  K: hex`ff`,
  F: 'fin',
  R: 'rst',
} as const;

/** An error as its code, and the fate of the message where it is a send's. */
const asCode = <T>(source$: Observable<T>): Observable<T | string> =>
  source$.pipe(catchError((error) => of([error.code, error.fate].filter(Boolean).join(' '))));

const drop = consume(() => EMPTY);

describe('messages$', () => {
  it(
    'carries messages both ways, whole and in order',
    marbles(({ listen, connect, expectObservable, hot }) => {
      const stop$ = hot('      ----------x');
      const server$ = listen(server, { codec }).pipe(
        takeUntil(stop$),
        serve((conn) =>
          conn.messages$.pipe(
            consume((message) => conn.send(message.toUpperCase())),
            ignoreElements(),
          ),
        ),
      );
      const client$ = connect(server, { codec }).pipe(
        converse((conn) =>
          merge(conn.messages$.pipe(take(3)), conn.sendAll(['a', '', 'c']).pipe(ignoreElements())),
        ),
      );
      expectObservable(server$).toBe('----------|');
      expectObservable(client$).toBe('(ABC|)', { A: 'A', B: '', C: 'C' });
    }),
  );

  it(
    'holds the sender while the handler is busy',
    marbles(({ listen, connect, expectObservable }) => {
      const delivered = new Subject<string>();
      const taken = new Subject<string>();
      listen(server, { codec })
        .pipe(
          serve((conn) =>
            conn.messages$.pipe(
              tap(delivered),
              consume(() => timer(10)),
            ),
          ),
        )
        .subscribe();
      connect(server, { codec })
        .pipe(
          converse((conn) =>
            from(['a', 'b', 'c']).pipe(
              concatMap((message) => conn.send(message).pipe(map(() => message))),
              tap(taken),
            ),
          ),
        )
        .subscribe();
      expectObservable(delivered).toBe('a 9ms b 9ms (c|)');
      expectObservable(taken).toBe('    a 9ms b 9ms (c|)');
    }),
  );

  it(
    'shows the first message to all who subscribe in one turn',
    marbles(({ listen, connect, expectObservable }) => {
      listen(server, { codec })
        .pipe(serve((conn) => concat(conn.send('a'), conn.send('b'))))
        .subscribe();
      const both$ = connect(server, { codec }).pipe(
        converse((conn) =>
          merge(conn.messages$.pipe(map((m) => `1${m}`)), conn.messages$.pipe(map((m) => `2${m}`))),
        ),
      );
      expectObservable(both$).toBe('(wxyz|)', { w: '1a', x: '2a', y: '1b', z: '2b' });
    }),
  );

  it(
    'goes on where the last subscriber left',
    marbles(({ listen, connect, expectObservable }) => {
      listen(server, { codec })
        .pipe(serve((conn) => conn.sendAll(['a', 'b', 'c'])))
        .subscribe();
      const turns$ = connect(server, { codec }).pipe(
        converse((conn) =>
          concat(conn.messages$.pipe(take(1)), timer(5).pipe(ignoreElements()), conn.messages$),
        ),
      );
      expectObservable(turns$).toBe('a----(bc|)');
    }),
  );

  it(
    'keeps what came before a subscription, past the end of the wire',
    marbles(({ listen, net, cold, expectObservable }) => {
      const late$ = listen(server, { codec }).pipe(
        mergeMap((conn) => timer(7).pipe(switchMap(() => conn.messages$))),
      );
      expectObservable(late$, '10ms !').toBe('-------a');
      expectObservable(rawPeer(net, server, cold('(oaF)', deeds))).toBe('(oK)---f', {
        o: 'ff',
        K: 'ff',
        f: 'fin',
      });
    }),
  );

  for (const [name, script, delivered, code] of [
    ['FIN in a header', ' o-a-(iF)', '--a-x', 'cut-short'],
    ['FIN in a payload', 'o-a-(jF)', '--a-x', 'cut-short'],
    ['RST between messages', 'o-a-R', '--a-x', 'reset'],
    ['RST in a payload', 'o-a-j-R', '--a---x', 'reset'],
    ['an OK that nobody asked for', 'o-(aK)', '--(ax)', 'unexpected-answer'],
    ['a signal that is none', 'o-(as)', '--(ax)', 'unexpected-signal'],
  ] as const) {
    it(
      `ends with ${code} at ${name}, behind what came whole`,
      marbles(({ listen, net, cold, expectObservable }) => {
        const more = { ...deeds, i: hex`00 00`, j: hex`00 00 00 02 61`, s: hex`f7` };
        const errors$ = listen(server, { codec }).pipe(mergeMap((conn) => asCode(conn.messages$)));
        expectObservable(errors$, '9ms !').toBe(delivered, { a: 'a', x: code });
        beside(rawPeer(net, server, cold(script, more)), expectObservable);
      }),
    );
  }
});

describe('send', () => {
  it(
    'is taken when the OK has come, and not before',
    marbles(({ listen, net, cold, expectObservable, expectSend }) => {
      const sends$ = listen(server, { codec }).pipe(mergeMap((conn) => conn.send('a')));
      expectObservable(sends$, '10ms !').toBe('----x', { x: undefined });
      expectObservable(rawPeer(net, server, cold('o---K', deeds)), '10ms !').toBe('(st)p', {
        s: 'ff',
        t: '00000001',
        p: '61',
      });
      void expectSend;
    }),
  );

  it(
    'sends again with each subscription, in the order of subscription',
    marbles(({ listen, connect, expectObservable }) => {
      const got$ = listen(server, { codec }).pipe(serve((conn) => conn.messages$));
      const sends$ = connect(server, { codec }).pipe(
        converse((conn) => {
          const a$ = conn.send('a');
          return merge(a$, conn.send('b'), a$, a$);
        }),
      );
      expectObservable(got$, '5ms !').toBe('(abaa)');
      beside(sends$, expectObservable);
    }),
  );

  it(
    'leaves the queue when it is unsubscribed before it has begun, and goes out whole afterwards',
    marbles(({ listen, net, cold, expectObservable }) => {
      const sends$ = listen(server, { codec }).pipe(
        tap((conn) => {
          conn
            .send('a')
            .pipe(takeUntil(timer(1)))
            .subscribe();
          conn
            .send('b')
            .pipe(takeUntil(timer(1)))
            .subscribe();
          conn.send('c').subscribe();
        }),
        ignoreElements(),
      );
      expectObservable(sends$, '20ms !').toBe('-');
      expectObservable(rawPeer(net, server, cold('o---K---K', deeds)), '20ms !').toBe('(rs)t---u', {
        r: 'ff',
        s: '00000001',
        t: '6100000001',
        u: '63',
      });
    }),
  );

  it(
    'fails with `queue-full` above either bound, and lets one message of any size through',
    marbles(({ listen, net, cold, expectObservable }) => {
      const options = { codec, maxQueuedMessages: 2, maxQueuedBytes: 4 };
      const all$ = listen(server, options).pipe(
        mergeMap((conn) => {
          const send = (message: string) => asCode(conn.send(message).pipe(map(() => message)));
          return merge(
            send('large'),
            send('a'),
            concat(timer(5).pipe(ignoreElements()), merge(send('a'), send('b'), send('c'))),
          );
        }),
      );
      expectObservable(all$, '20ms !').toBe('f-L--g--', {
        f: 'queue-full not-sent',
        L: 'large',
        g: 'queue-full not-sent',
      });
      beside(rawPeer(net, server, cold('o-K', deeds)), expectObservable);
    }),
  );

  it(
    'tells how far a message had come when the connection was lost',
    marbles(({ listen, net, cold, expectObservable }) => {
      const fates$ = listen(server, { codec }).pipe(
        mergeMap((conn) => merge(asCode(conn.send('a')), asCode(conn.send('b')), asCode(conn.messages$))),
      );
      expectObservable(fates$, '9ms !').toBe('-----(xym)', {
        x: 'connection-closed not-sent',
        y: 'connection-closed not-sent',
        m: 'reset',
      });
      beside(rawPeer(net, server, cold('o----R', deeds)), expectObservable);
    }),
  );

  it(
    'hands back what was not sent',
    marbles(({ listen, net, cold, expectObservable }) => {
      const ends$ = listen(server, { codec }).pipe(
        mergeMap((conn) => {
          merge(...['a', 'b', 'c'].map((message) => conn.send(message).pipe(asCode))).subscribe();
          return conn.closed$;
        }),
        map(({ unsent }) => unsent?.map((bytes) => codec.decode(bytes)).join('')),
      );
      // `a` is taken, of `b` there is the header, `c` waits.
      expectObservable(ends$, '9ms !').toBe('----x', { x: 'bc' });
      beside(rawPeer(net, server, cold('o-K-R', deeds)), expectObservable);
    }),
  );

  it(
    'hands all of it back, whoever ends the connection when told of the first',
    marbles(({ listen, net, cold, expectObservable }) => {
      const ends$ = listen(server, { codec }).pipe(
        mergeMap((conn) => {
          conn.send('a').subscribe({ error: () => conn.destroy() });
          conn.send('b').subscribe({ error: () => {} });
          return conn.closed$;
        }),
        map(({ unsent }) => unsent?.map((bytes) => codec.decode(bytes)).join('')),
      );
      expectObservable(ends$, '9ms !').toBe('--x', { x: 'ab' });
      beside(rawPeer(net, server, cold('o-R', deeds)), expectObservable);
    }),
  );

  it(
    'knows nothing of a payload that crossed with the end',
    marbles(({ listen, net, cold, expectObservable }) => {
      // The peer's header ties: our payload goes out at once, and is never answered.
      const fate$ = listen(server, { codec }).pipe(
        mergeMap((conn) => merge(asCode(conn.send('a')), conn.messages$.pipe(drop))),
      );
      expectObservable(fate$, '9ms !').toBe('----x', { x: 'connection-closed unknown' });
      beside(rawPeer(net, server, cold('o-a-F', deeds)), expectObservable);
    }),
  );

  it(
    'is refused when the peer says so, and the connection lives',
    marbles(({ listen, connect, expectObservable }) => {
      const small = tinyproto({ maxMessageBytes: 65_536 });
      listen(server, { framing: small })
        .pipe(serve((conn) => conn.messages$.pipe(drop)))
        .subscribe();
      const sends$ = connect(server).pipe(
        converse((conn) =>
          concat(
            asCode(conn.send(new Uint8Array(65_537))),
            conn.send(new Uint8Array(65_536)).pipe(map(() => 'taken')),
          ),
        ),
      );
      expectObservable(sends$).toBe('(rt|)', { r: 'refused refused', t: 'taken' });
    }),
  );

  it(
    'fails at once, and alone, for a message that the framing cannot carry or the codec cannot encode',
    marbles(({ listen, connect, expectObservable }) => {
      listen(server)
        .pipe(serve((conn) => conn.messages$.pipe(drop)))
        .subscribe();
      const sends$ = connect(server, { codec, framing: tinyproto({ maxMessageBytes: 3 }) }).pipe(
        converse((conn) =>
          concat(
            asCode(conn.send('four')),
            asCode(conn.send(1 as never)),
            conn.send('a').pipe(map(() => 'taken')),
          ),
        ),
      );
      expectObservable(sends$).toBe('(xyt|)', {
        x: 'message-too-large not-sent',
        y: 'not-encodable not-sent',
        t: 'taken',
      });
    }),
  );

  it(
    'throws a TypeError at once for what is no message',
    marbles(({ listen, connect }) => {
      listen(server).subscribe((conn) => conn.destroy());
      connect(server)
        .pipe(
          tap((conn) => expect(() => conn.send('text' as never)).toThrow(TypeError)),
          asCode,
        )
        .subscribe();
    }),
  );

  it(
    'settles every one of two streams that cross',
    marbles(({ listen, connect, expectObservable }) => {
      const numbers = () => range(0, 200).pipe(map((n) => `${n}`));
      const stream = (conn: { send(message: string): Observable<void> }) =>
        numbers().pipe(
          concatMap((message) => conn.send(message)),
          ignoreElements(),
        );
      const counted = (conn: { messages$: Observable<string> }) =>
        conn.messages$.pipe(
          consume((message, index) => of(message === `${index}`)),
          take(200),
        );
      const there$ = listen(server, { codec }).pipe(
        take(1),
        serve((conn) => merge(stream(conn), counted(conn))),
      );
      const back$ = connect(server, { codec }).pipe(converse((conn) => merge(stream(conn), counted(conn))));
      const all = (exact$: Observable<boolean>) =>
        exact$.pipe(
          take(200),
          map((exact, index) => exact && index),
        );
      const last = (exact$: Observable<boolean>) =>
        all(exact$).pipe(
          // The last number says that all before it were exact.
          mergeMap((index) => (index === 199 || index === false ? of(index) : EMPTY)),
        );
      expectObservable(last(there$)).toBe('(n|)', { n: 199 });
      expectObservable(last(back$)).toBe('(n|)', { n: 199 });
    }),
  );
});
