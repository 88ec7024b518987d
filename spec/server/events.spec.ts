import { channel } from 'node:diagnostics_channel';
import {
  connect as connectReal,
  consume,
  converse,
  type ServerEvent,
  serve,
  type Traffic,
  text,
  traffic,
} from 'rx-tinyproto';
import { diagnostics } from 'rx-tinyproto/node';
import { hex, marbles } from 'rx-tinyproto/testing';
import { type Tapped, wiretap } from 'rx-tinyproto/transport';
import { config, map, merge, mergeMap, type Observable, Subject, take, takeUntil, tap, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';

const codec = text();
const server = 'server:1';

const brief = (event: ServerEvent) => {
  if (event.type === 'closed') return `closed by ${event.closed.by}`;
  if (event.type === 'failed') return `failed: ${(event.error as { code?: string }).code}`;
  return event.type;
};

describe('eventObserver', () => {
  it(
    'is told what happens to a server, in order',
    marbles(({ listen, connect, net, run, expectObservable }) => {
      const events = new Subject<ServerEvent>();
      expectObservable(events.pipe(map(brief))).toBe('[bao]-[a]f-[r]-c', {
        b: 'bound',
        a: 'accepted',
        o: 'opened',
        f: 'failed: bad-opening',
        r: 'refused',
        c: 'closed by peer',
      });
      run(
        listen(server, { codec, maxConnections: 2, eventObserver: events }).pipe(
          serve((conn) => conn.messages$),
        ),
      );
      run(connect(server).pipe(takeUntil(timer(7))));
      const foreign = timer(2).pipe(
        mergeMap(() => net.dial(server)),
        tap((wire) => {
          wire.bytes$.subscribe({ error: () => {} });
          timer(1).subscribe(() => wire.write(hex`47`, () => {}));
        }),
      );
      run(foreign);
      // The foreign wire lingers for a moment: it still counts, so one more is one too many.
      expectObservable(timer(5).pipe(mergeMap(() => connect(server)))).toBe('-----#', undefined, {
        code: 'connection-limit',
      });
    }),
  );

  it(
    'is told of a peer that takes less than is sent to it',
    marbles(
      ({ listen, connect, run, expectObservable }) => {
        const events = new Subject<ServerEvent>();
        expectObservable(events.pipe(map(brief), take(4))).toBe('[baos|]', {
          b: 'bound',
          a: 'accepted',
          o: 'opened',
          s: 'slow',
        });
        run(
          listen(server, { codec, maxQueuedMessages: 4, eventObserver: events }).pipe(
            mergeMap((conn) => merge(conn.send('1'), conn.send('2'), conn.send('3'), conn.send('4'))),
          ),
        );
        run(
          connect(server, { codec }).pipe(mergeMap((conn) => conn.messages$.pipe(consume(() => timer(1))))),
        );
      },
      { allow: ['open-connections'] },
    ),
  );

  it('harms nobody when it throws, and RxJS reports it', () => {
    const reported: unknown[] = [];
    const before = config.onUnhandledError;
    config.onUnhandledError = (error) => reported.push(error);
    const thrower = {
      next: (event: ServerEvent) => {
        throw event.type;
      },
    };
    marbles(({ listen, connect, run, expectObservable }) => {
      run(listen(server, { codec, eventObserver: thrower }).pipe(serve((conn) => conn.send('hello'))));
      expectObservable(connect(server, { codec }).pipe(converse((conn) => conn.messages$))).toBe('[h|]', {
        h: 'hello',
      });
    })();
    config.onUnhandledError = before;
    expect(reported).toEqual(['bound', 'accepted', 'opened', 'closed']);
  });

  it(
    'publishes on diagnostics channels, where somebody listens',
    marbles(({ listen, connect, run, flush }) => {
      const heard: unknown[] = [];
      const listener = (event: unknown) => heard.push(brief(event as ServerEvent));
      channel('rx-tinyproto:opened').subscribe(listener);
      channel('rx-tinyproto:closed').subscribe(listener);
      run(listen(server, { codec, eventObserver: diagnostics() }).pipe(serve((conn) => conn.send('hello'))));
      run(connect(server, { codec }).pipe(converse((conn) => conn.messages$)));
      flush();
      channel('rx-tinyproto:opened').unsubscribe(listener);
      channel('rx-tinyproto:closed').unsubscribe(listener);
      expect(heard).toEqual(['opened', 'closed by us']);
    }),
  );
});

describe('traffic', () => {
  it(
    'counts what passes, for each connection and for all',
    marbles(({ listen, connect, run, flush }) => {
      const all = traffic();
      const each: unknown[] = [];
      run(
        listen(server, { codec, traffic: all }).pipe(
          tap((conn) => conn.closed$.subscribe(() => each.push({ ...pick(conn.traffic) }))),
          serve((conn) => echoed(conn)),
        ),
      );
      for (const message of ['a', 'abc']) {
        run(
          connect(server, { codec }).pipe(
            converse((conn) => merge(conn.send(message), conn.messages$.pipe(take(1)))),
          ),
        );
      }
      flush();
      // Each way: the opening byte, an OK, a header of four bytes and the message.
      expect(each).toEqual([
        { bytesIn: 7, bytesOut: 7, messagesIn: 1, messagesOut: 1 },
        { bytesIn: 9, bytesOut: 9, messagesIn: 1, messagesOut: 1 },
      ]);
      expect(pick(all)).toEqual({ bytesIn: 16, bytesOut: 16, messagesIn: 2, messagesOut: 2 });
    }),
  );

  it('is what traffic() gives', () => {
    expect(() => connectReal(1, { traffic: {} as never })).toThrow(TypeError);
  });
});

describe('wiretap', () => {
  it(
    'tells what passes on a transport',
    marbles(({ listen, connect, net, run, expectObservable }) => {
      const seen = new Subject<Tapped>();
      const row = ({ direction, what }: Tapped) =>
        `${direction} ${typeof what === 'string' ? what : Buffer.from(what).toString('hex')}`;
      expectObservable(seen.pipe(map(row))).toBe('[aAbcdef]', {
        a: 'out ff',
        A: 'in ff',
        b: 'out 00000001',
        c: 'in ff',
        d: 'out 61',
        e: 'out fin',
        f: 'in fin',
      });
      run(listen(server, { codec }).pipe(serve((conn) => conn.messages$)));
      run(connect(server, { codec, transport: wiretap(net, seen) }).pipe(converse((conn) => conn.send('a'))));
    }),
  );
});

function echoed(conn: { messages$: Observable<string>; send(message: string): Observable<void> }) {
  return conn.messages$.pipe(consume((message) => conn.send(message)));
}

function pick({ bytesIn, bytesOut, messagesIn, messagesOut }: Traffic) {
  return { bytesIn, bytesOut, messagesIn, messagesOut };
}
