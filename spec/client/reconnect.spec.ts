import {
  type Connection,
  consume,
  failover,
  ProtocolError,
  type ReconnectOptions,
  type ReconnectState,
  reconnect,
  SendError,
  type Transport,
  text,
  tinyproto,
  type Wire,
  WireError,
} from 'rx-tinyproto';
import { hex, type MarbleHelpers, marbles } from 'rx-tinyproto/testing';
import {
  asyncScheduler,
  catchError,
  concat,
  concatMap,
  config,
  count,
  EMPTY,
  from,
  ignoreElements,
  map,
  merge,
  mergeMap,
  NEVER,
  type Observable,
  of,
  range,
  Subject,
  share,
  switchMap,
  take,
  takeUntil,
  tap,
  timer,
  toArray,
  zip,
} from 'rxjs';
import { describe, expect, it } from 'vitest';

type Text = Connection<string>;
type Handler = (conn: Text, wire: Wire) => Observable<unknown>;

const codec = text();
const address = 'server:1';
/** Waits of 2, 4, 8, 8 … ms. */
const quick = { random: () => 1, minDelayMs: 2, maxDelayMs: 8 };

/** A server whose n-th connection is handled by the n-th handler, and left alone when that completes; then it listens no more. */
function server({ net, listen }: MarbleHelpers, handlers: readonly Handler[], at = address) {
  const wires: Wire[] = [];
  const transport: Transport = {
    listen: (where, options) => net.listen(where, options).pipe(tap((wire) => wires.push(wire))),
    dial: net.dial,
  };
  return listen(at, { codec, transport })
    .pipe(
      take(handlers.length),
      mergeMap((conn, index) => (handlers[index] as Handler)(conn, wires[index] as Wire)),
    )
    .subscribe();
}

const say = (conn: Text, ...messages: string[]) =>
  from(messages).pipe(concatMap((message) => conn.send(message)));

/** RST, after a while. */
const reset = (wire: Wire, ms = 0) => timer(ms).pipe(tap(() => wire.destroy({ reset: true })));

/** What became of a send. */
const fate = (conn: Text, message: string) =>
  conn.send(message).pipe(
    map(() => `${message} taken`),
    catchError((error: unknown) =>
      of(error instanceof SendError ? `${message} ${error.code} ${error.fate}` : error),
    ),
  );

const drawn = ({ state, attempt, ...rest }: ReconnectState) =>
  `${state} ${attempt}${'delayMs' in rest ? ` in ${rest.delayMs}` : ''}`;

const client = ({ connect }: MarbleHelpers, options: ReconnectOptions = {}) =>
  connect(address, { codec }).pipe(reconnect({ ...quick, ...options }));

describe('reconnect', () => {
  it(
    'is one connection whose messages run on over the next wire',
    marbles((helpers) => {
      server(helpers, [
        (conn, wire) => concat(say(conn, 'a', 'b'), reset(wire)),
        (conn, wire) => concat(timer(3), say(conn, 'c'), reset(wire)),
        (conn) => say(conn, 'd'),
      ]);
      const ids = new Set<string>();
      const seen$ = client(helpers).pipe(
        switchMap((conn) => merge(of('C'), conn.messages$.pipe(tap(() => ids.add(conn.id))))),
      );
      helpers.expectObservable(seen$, '20ms !').toBe('(Cab) c---d');
      helpers.flush();
      expect(ids.size).toBe(1);
    }),
  );

  it(
    'tells its states, and starts again from the shortest wait after a stable time',
    marbles((helpers) => {
      const states: string[] = [];
      const at = (state: ReconnectState) => `${now()} ${drawn(state)}`;
      server(helpers, [
        (_, wire) => reset(wire, 3),
        (_, wire) => reset(wire, 1),
        (_, wire) => reset(wire, 20),
        () => EMPTY,
      ]);
      client(helpers, { stableMs: 20, stateObserver: { next: (state) => states.push(at(state)) } })
        .pipe(takeUntil(timer(50)))
        .subscribe();
      helpers.flush();
      expect(states).toEqual([
        '0 connecting 1',
        '0 connected 1',
        '3 waiting 2 in 2',
        '5 connecting 2',
        '5 connected 2',
        '6 waiting 3 in 4',
        '10 connecting 3',
        '10 connected 3',
        '30 waiting 2 in 2',
        '32 connecting 2',
        '32 connected 2',
      ]);
    }),
  );

  it(
    'tries for as long as nobody listens, and is no connection until then',
    marbles((helpers) => {
      const errors: unknown[] = [];
      const stateObserver = { next: (state: ReconnectState) => 'error' in state && errors.push(state.error) };
      timer(11).subscribe(() => server(helpers, [() => EMPTY]));
      helpers
        .expectObservable(client(helpers, { stateObserver }).pipe(map(() => 'C')), '20ms !')
        .toBe('14ms C');
      helpers.flush();
      expect(errors).toMatchObject([1, 2, 3].map(() => ({ code: 'connection-refused' })));
    }),
  );

  it(
    'gives up on what another attempt will not cure',
    marbles((helpers) => {
      const foreign$ = helpers.net
        .listen(address)
        .pipe(tap((wire) => wire.write(hex`48 54 54 50`, () => {})));
      foreign$.subscribe((wire) => wire.bytes$.subscribe({ error: () => {} }));
      helpers.expectObservable(client(helpers)).toBe('#', {}, new ProtocolError('bad-opening', ''));
    }),
  );

  it(
    'gives up on a permanent error in the midst, behind the messages before it',
    marbles((helpers) => {
      server(helpers, [(conn) => concat(timer(2), say(conn, 'a', 'b')), () => EMPTY]);
      const picky = {
        decode: (bytes: Uint8Array) => (bytes[0] === 0x61 ? 'a' : raise()),
        encode: codec.encode,
      };
      const messages$ = helpers.connect(address, { codec: picky }).pipe(
        reconnect(quick),
        mergeMap((conn) => conn.messages$),
      );
      helpers.expectObservable(messages$).toBe('--(a#)', { a: 'a' }, new ProtocolError('not-decodable', ''));
    }),
  );

  it(
    'lets the caller say what is permanent',
    marbles((helpers) => {
      const client$ = client(helpers, { isPermanent: () => true });
      helpers.expectObservable(client$).toBe('#', {}, new WireError('connection-refused', ''));
    }),
  );

  it(
    'completes with the clean end of the peer',
    marbles((helpers) => {
      server(helpers, [(conn) => concat(say(conn, 'a'), timer(4), conn.close()), () => EMPTY]);
      const client$ = client(helpers);
      helpers.expectObservable(client$.pipe(mergeMap((conn) => conn.messages$))).toBe('a---|');
    }),
  );

  it(
    'goes on after a clean end where that is wanted',
    marbles((helpers) => {
      const greet = (conn: Text) => concat(say(conn, 'a'), timer(4), conn.close());
      server(helpers, [greet, greet, () => EMPTY]);
      const client$ = client(helpers, { onEnd: 'reconnect' });
      helpers.expectObservable(client$.pipe(mergeMap((conn) => conn.messages$)), '30ms !').toBe('a 5ms a');
    }),
  );

  it(
    'reads what a lost wire has left before the next wire',
    marbles((helpers) => {
      server(helpers, [(conn, wire) => merge(conn.send('a'), reset(wire, 1)), (conn) => say(conn, 'b')]);
      const late$ = client(helpers).pipe(mergeMap((conn) => timer(9).pipe(switchMap(() => conn.messages$))));
      helpers.expectObservable(late$, '20ms !').toBe('9ms (ab)');
    }),
  );

  it(
    'has the first reader of a turn and the second see the same, over a lost wire, too',
    marbles((helpers) => {
      server(helpers, [(conn, wire) => concat(say(conn, 'a'), reset(wire)), (conn) => say(conn, 'b')]);
      const both$ = client(helpers).pipe(
        mergeMap((conn) =>
          zip(conn.messages$, conn.messages$).pipe(map(([one, other]) => one === other && one)),
        ),
      );
      helpers.expectObservable(both$, '20ms !').toBe('a-b', { a: 'a', b: 'b' });
    }),
  );

  it(
    'holds the next wire, as long as a message of the last one is at work',
    marbles((helpers) => {
      const taken = new Subject<string>();
      server(helpers, [
        (conn, wire) => concat(say(conn, 'a'), reset(wire)),
        (conn) => say(conn, 'b', 'c').pipe(tap(() => taken.next('x'))),
      ]);
      const delivered = new Subject<string>();
      client(helpers)
        .pipe(
          takeUntil(timer(50)),
          mergeMap((conn) =>
            conn.messages$.pipe(
              tap(delivered),
              consume(() => timer(10)),
            ),
          ),
        )
        .subscribe();
      helpers.expectObservable(delivered).toBe('a 9ms b 9ms c 29ms |');
      helpers.expectObservable(taken).toBe('    --x 17ms x');
    }),
  );

  it(
    'makes no further attempt while its reader is 16 wires behind',
    marbles((helpers) => {
      const greet: Handler = (conn, wire) => concat(say(conn, 'a'), reset(wire));
      server(
        helpers,
        Array.from({ length: 40 }, () => greet),
      );
      let wires = 0;
      const stateObserver = { next: ({ state }: ReconnectState) => state === 'connected' && wires++ };
      client(helpers, { stateObserver, maxDelayMs: 2 })
        .pipe(
          mergeMap((conn) => conn.messages$.pipe(consume(() => NEVER))),
          takeUntil(timer(1_000)), // lets the message go that is held all the time
        )
        .subscribe();
      helpers.flush();
      expect(wires).toBe(17);
    }),
  );

  it(
    'goes on with its attempts when the reader who was behind has left',
    marbles((helpers) => {
      const greet: Handler = (conn, wire) => concat(say(conn, 'a'), reset(wire));
      server(
        helpers,
        Array.from({ length: 40 }, () => greet),
      );
      let wires = 0;
      const stateObserver = { next: ({ state }: ReconnectState) => state === 'connected' && wires++ };
      client(helpers, { stateObserver, maxDelayMs: 2 })
        .pipe(
          mergeMap((conn) =>
            conn.messages$.pipe(
              consume(() => NEVER),
              takeUntil(timer(500)),
            ),
          ),
          takeUntil(timer(1_000)),
        )
        .subscribe();
      helpers.flush();
      expect(wires).toBe(40);
    }),
  );

  it(
    'fails a send without a wire as not sent',
    marbles((helpers) => {
      server(helpers, [(_, wire) => reset(wire, 2), (conn) => conn.messages$]);
      const fates$ = client(helpers).pipe(
        mergeMap((conn) => timer(1, 2).pipe(mergeMap((n) => fate(conn, `${n}`)))),
      );
      helpers
        .expectObservable(fates$.pipe(take(3)))
        .toBe('-a-b-(c|)', { a: '0 taken', b: '1 connection-closed not-sent', c: '2 taken' });
    }),
  );

  it(
    'queues a send without a wire where that is wanted, and sends it first',
    marbles((helpers) => {
      const heard: string[] = [];
      server(helpers, [
        (_, wire) => reset(wire, 2),
        (conn) => conn.messages$.pipe(tap((message) => heard.push(message))),
      ]);
      const fates$ = client(helpers, { whileAway: 'queue' }).pipe(
        mergeMap((conn) =>
          timer(3).pipe(
            mergeMap(() => {
              const cancelled = conn.send('cancelled').subscribe();
              cancelled.unsubscribe();
              return merge(fate(conn, 'a'), fate(conn, 'b'), timer(1).pipe(mergeMap(() => fate(conn, 'c'))));
            }),
          ),
        ),
        take(3),
      );
      helpers.expectObservable(fates$).toBe('----(abc|)', { a: 'a taken', b: 'b taken', c: 'c taken' });
      helpers.flush();
      expect(heard).toEqual(['a', 'b', 'c']);
    }),
  );

  it(
    'bounds the queue in messages and in bytes',
    marbles((helpers) => {
      server(helpers, [(_, wire) => reset(wire)]);
      const options = { whileAway: 'queue', maxQueuedMessages: 2, maxQueuedBytes: 4 } as const;
      const fates$ = client(helpers, options).pipe(
        mergeMap((conn) =>
          timer(1).pipe(mergeMap(() => merge(...['abc', 'de', 'f', 'g'].map((each) => fate(conn, each))))),
        ),
      );
      helpers
        .expectObservable(fates$, '10ms !')
        .toBe('-(ab)', { a: 'de queue-full not-sent', b: 'g queue-full not-sent' });
    }),
  );

  it(
    'sends what its lost wire had not sent once more, and never what may have arrived',
    marbles((helpers) => {
      const heard: string[] = [];
      const hear = (conn: Text) =>
        conn.messages$.pipe(
          tap((message) => heard.push(message)),
          consume(() => timer(25)), // longer than its wire lives
        );
      server(helpers, [
        (conn, wire) => merge(hear(conn), reset(wire, 7)),
        (conn, wire) => merge(hear(conn), reset(wire, 20)),
      ]);
      const fates$ = helpers.connect(address, { codec, framing: tinyproto({ window: 2 }) }).pipe(
        reconnect({ ...quick, minDelayMs: 8, whileAway: 'queue' }),
        mergeMap((conn) => merge(...['a', 'b', 'c', 'd'].map((each) => fate(conn, each)))),
      );
      helpers.expectObservable(fates$, '25ms !').toBe('a------(bc)----d', {
        a: 'a taken',
        b: 'b connection-closed unknown',
        c: 'c connection-closed unknown',
        d: 'd taken',
      });
      helpers.flush();
      // b and c had arrived, and come when a is done.
      expect(heard).toEqual(['a', 'd', 'b', 'c']);
    }),
  );

  it(
    'sends a stream over wires that come and go, where sends may wait',
    marbles((helpers) => {
      const heard: string[] = [];
      const hear: Handler = (conn, wire) =>
        merge(
          conn.messages$.pipe(
            tap((message) => heard.push(message)),
            consume(() => timer(1)),
          ),
          reset(wire, 10),
        );
      server(helpers, [hear, hear, hear, hear]);
      const letters = Array.from({ length: 20 }, (_, index) => `${index}`);
      const done$ = client(helpers, { whileAway: 'queue' }).pipe(
        mergeMap((conn) => conn.sendAll(letters)),
        take(1),
      );
      helpers.expectObservable(done$.pipe(map(() => 'x'))).toBe('21ms (x|)');
      helpers.flush();
      expect(heard.filter((each, index) => heard.indexOf(each) === index)).toEqual(letters);
    }),
  );

  it(
    'ends a stream that heeds no hold with `queue-full`, where more messages come than may wait',
    marbles(
      (helpers) => {
        server(helpers, [(conn) => conn.messages$.pipe(consume(() => NEVER))]);
        const code$ = client(helpers, { maxQueuedMessages: 10 }).pipe(
          mergeMap((conn) => conn.sendAll(range(0, 100).pipe(map(String)))),
          catchError((error) => of(error instanceof SendError && `${error.code} ${error.fate}`)),
          takeUntil(timer(9)),
        );
        helpers.expectObservable(code$).toBe('(x|)', { x: 'queue-full not-sent' });
        helpers.flush();
      },
      { allow: ['held', 'undelivered', 'open-connections'] },
    ),
  );

  it(
    'fails a send whose message cannot be encoded any more when it is to wait',
    marbles((helpers) => {
      let isGood = true;
      const fickle = {
        decode: codec.decode,
        encode: (message: string) => (isGood ? codec.encode(message) : raise()),
      };
      server(helpers, [(conn, wire) => merge(conn.messages$.pipe(consume(() => timer(5))), reset(wire, 2))]);
      const fates$ = helpers.connect(address, { codec: fickle }).pipe(
        reconnect({ ...quick, whileAway: 'queue' }),
        tap(() => timer(1).subscribe(() => (isGood = false))),
        mergeMap((conn) => merge(fate(conn, 'a'), fate(conn, 'b'))),
      );
      helpers.expectObservable(fates$, '9ms !').toBe('a-b', { a: 'a taken', b: 'b not-encodable not-sent' });
    }),
  );

  it(
    'has room to send only while there is a wire',
    marbles((helpers) => {
      server(helpers, [(_, wire) => reset(wire, 3), () => EMPTY]);
      const flow$ = client(helpers).pipe(
        mergeMap((conn) => conn.flow$),
        takeUntil(timer(9)),
      );
      helpers.expectObservable(flow$).toBe('o--p-o---|', { o: 'open', p: 'paused' });
    }),
  );

  /** With the first wire, without one, with the second. */
  it.each([
    [1, '-(x|)'],
    [4, '----(x|)'],
    [6, '------(x|)'],
  ])('at %i ms, ends for good with close()', (ms, closed) =>
    marbles((helpers) => {
      const connected: number[] = [];
      const stateObserver = {
        next: ({ state }: ReconnectState) => state === 'connected' && connected.push(now()),
      };
      server(helpers, [(_, wire) => reset(wire, 3), (conn) => conn.messages$, () => EMPTY]);
      const logical$ = client(helpers, { stateObserver, onEnd: 'reconnect' });
      const close$ = logical$.pipe(
        mergeMap((conn) =>
          timer(ms).pipe(
            switchMap(() => conn.close()),
            map(() => 'x'),
          ),
        ),
      );
      helpers.expectObservable(close$).toBe(closed);
      helpers.flush();
      expect(connected).toEqual(ms === 6 ? [0, 5] : [0]);
    })(),
  );

  it.each([1, 4, 6])('at %i ms, ends for good with destroy(error)', (ms) =>
    marbles((helpers) => {
      const hears: Handler = (conn) => conn.messages$.pipe(catchError(() => EMPTY));
      server(helpers, [(_, wire) => reset(wire, 3), hears, () => EMPTY]);
      const logical$ = client(helpers, { onEnd: 'reconnect' }).pipe(share());
      const ends$ = logical$.pipe(
        mergeMap((conn) =>
          merge(
            conn.messages$.pipe(catchError((error) => of(`messages ${error}`))),
            conn.closed$.pipe(map(({ by, error }) => `closed ${by} ${error}`)),
            timer(ms).pipe(
              tap(() => conn.destroy('oops')),
              ignoreElements(),
            ),
          ),
        ),
        catchError((error) => of(`ended ${error}`)),
        toArray(),
        map((all) => all.sort()),
      );
      helpers
        .expectObservable(ends$)
        .toBe(`${ms}ms (x|)`, { x: ['closed us oops', 'ended oops', 'messages oops'] });
    })(),
  );

  it.each([0, 1, 3, 4, 5, 6])('at %i ms, leaves nothing open when it is unsubscribed', (ms) =>
    marbles((helpers) => {
      const open: Text[] = [];
      const stay: Handler = (conn) => {
        open.push(conn);
        return conn.closed$.pipe(tap(() => open.splice(open.indexOf(conn), 1)));
      };
      server(helpers, [(conn, wire) => merge(stay(conn, wire), reset(wire, 3)), stay, stay]);
      const ends: string[] = [];
      const subscription = client(helpers, { whileAway: 'queue' }).subscribe((conn) => {
        conn.messages$.subscribe({ complete: () => ends.push('messages') });
        conn.closed$.subscribe(({ by }) => ends.push(`closed by ${by}`));
        timer(4).subscribe(() => fate(conn, 'a').subscribe((each) => ends.push(String(each))));
      });
      timer(ms).subscribe(() => subscription.unsubscribe());
      helpers.flush();
      expect(open).toEqual([]);
      expect(ends).toEqual(expect.arrayContaining(['messages', 'closed by us']));
      expect(ends.filter((each) => each.startsWith('a '))).toHaveLength(1);
    })(),
  );

  it(
    'prefers the first of several addresses, each time',
    marbles((helpers) => {
      server(helpers, [(conn, wire) => concat(say(conn, 'b'), reset(wire, 1))], 'b:1');
      timer(2).subscribe(() => server(helpers, [(conn) => say(conn, 'a')], 'a:1'));
      const either$ = failover(helpers.connect('a:1', { codec }), helpers.connect('b:1', { codec }));
      const heard$ = either$.pipe(
        reconnect(quick),
        mergeMap((conn) =>
          conn.messages$.pipe(map((each) => `${each} from ${'host' in conn.remote && conn.remote.host}`)),
        ),
      );
      helpers.expectObservable(heard$, '20ms !').toBe('b--a', { a: 'a from a', b: 'b from b' });
    }),
  );

  it(
    'survives two hundred flaps',
    marbles((helpers) => {
      server(
        helpers,
        Array.from({ length: 200 }, (): Handler => (conn, wire) => concat(say(conn, 'a'), reset(wire))),
      );
      const count$ = client(helpers, { stableMs: 1 }).pipe(
        mergeMap((conn) => conn.messages$),
        take(200),
        count(),
      );
      helpers.expectObservable(count$.pipe(map(String))).toBe('1582ms (x|)', { x: '200' });
    }),
  );

  it('reports a state observer that throws, and goes on', () => {
    const reported: unknown[] = [];
    config.onUnhandledError = (error) => reported.push(error);
    marbles((helpers) => {
      server(helpers, [(conn) => say(conn, 'a')]);
      const stateObserver = { next: () => raise() };
      const messages$ = client(helpers, { stateObserver }).pipe(mergeMap((conn) => conn.messages$));
      helpers.expectObservable(messages$, '5ms !').toBe('a');
    })();
    config.onUnhandledError = null;
    expect(reported).toHaveLength(2);
  });

  it('refuses options that cannot be meant', () => {
    expect(() => reconnect({ minDelayMs: -1 })).toThrow(RangeError);
    expect(() => reconnect({ stableMs: 0 })).toThrow(RangeError);
    expect(() => reconnect({ maxQueuedBytes: 0 })).toThrow(RangeError);
    expect(() => reconnect({ maxQueuedMessages: Number.NaN })).toThrow(RangeError);
  });
});

const now = () => asyncScheduler.now();

function raise(): never {
  throw new Error('oops');
}
