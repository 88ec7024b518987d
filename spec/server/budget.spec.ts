import { consume, lengthPrefixed, serve, text, tinyproto } from 'rx-tinyproto';
import { marbles } from 'rx-tinyproto/testing';
import { map, mergeMap, NEVER, take, takeUntil, tap, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { Budget } from '../../src/connection/budget.js';

const server = 'server:1';
const late = (ms: number) => consume((message: string) => timer(ms).pipe(map(() => message)));

describe('maxInboundBytes', () => {
  it(
    'has a peer wait for its OK while others have what there is',
    marbles(
      ({ listen, peer, expectBytes, expectObservable }) => {
        const got$ = listen(server, { codec: text(), maxInboundBytes: 4 }).pipe(
          serve((conn) => conn.messages$.pipe(late(6))),
        );
        const one = peer(server).sends('  <ff 00 00 00 03>-"abc"');
        const other = peer(server).sends('--<ff 00 00 00 03>---------"xyz"---|');
        expectObservable(got$, '40ms !').toBe('--------a---------b', { a: 'abc', b: 'xyz' });
        expectBytes(one).toBe('<ff ff> 39ms |');
        expectBytes(other).toBe('<ff>-------<ff> 9ms |');
      },
      { allow: ['open-connections', 'unmatched'] },
    ),
  );

  it(
    'lets a message pass alone that is larger',
    marbles(({ listen, connect, run, expectObservable }) => {
      const got$ = listen(server, { codec: text(), maxInboundBytes: 2 }).pipe(
        serve((conn) => conn.messages$),
      );
      expectObservable(got$, '5ms !').toBe('m', { m: 'larger' });
      run(
        connect(server, { codec: text() }).pipe(
          mergeMap((conn) => conn.send('larger')),
          takeUntil(timer(3)),
        ),
      );
    }),
  );

  it(
    'pauses the wires of other framings, and cuts what has waited too long',
    marbles(
      ({ listen, peer, expectObservable }) => {
        const options = { framing: lengthPrefixed({ size: 1 }), maxInboundBytes: 10 };
        const errors$ = listen(server, options).pipe(
          tap((conn) => conn.messages$.subscribe({ error: () => {} })),
          mergeMap((conn) => conn.closed$),
          map(({ error }) => error),
          take(1),
        );
        // Each has the beginning of a message, and together they have all there is: neither can go on.
        peer(server).sends('<20 61 61 61 61 61 61>-----<61>');
        peer(server).sends('<20 62 62 62 62 62 62>-----<62>');
        expectObservable(errors$, '60s !').toBe('30s (x|)', { x: { code: 'inbox-overflow' } });
      },
      { allow: ['open-connections', 'undelivered'] },
    ),
  );

  it(
    'is given back by a connection that ends',
    marbles(
      ({ listen, peer, expectBytes, expectObservable }) => {
        const got$ = listen(server, { codec: text(), maxInboundBytes: 3 }).pipe(
          serve((conn) => conn.messages$.pipe(consume((message) => (message === 'abc' ? NEVER : [message])))),
        );
        peer(server).sends('  <ff 00 00 00 03>-"abc"--#');
        const other = peer(server).sends('--<ff 00 00 00 03>----"xyz"');
        expectObservable(got$, '40ms !').toBe('-------b', { b: 'xyz' });
        expectBytes(other).toBe('<ff>----<ff> 34ms |');
      },
      { allow: ['open-connections'] },
    ),
  );

  it(
    'counts in half duplex, where everything is granted',
    marbles(
      ({ listen, peer, expectBytes }) => {
        const framing = tinyproto({ duplex: 'half' });
        listen(server, { framing, maxInboundBytes: 3 }).subscribe((conn) => conn.messages$.subscribe());
        const python = peer(server).sends('<ff 00 00 00 03>-"abc"-<00 00 00 03>-"xyz"');
        expectBytes(python).toBe('        <ff ff>   -     --<ff>');
      },
      { allow: ['open-connections'] },
    ),
  );
});

describe('Budget', () => {
  it('lets those who wait try again, in order, once', () => {
    const budget = new Budget(10);
    const calls: string[] = [];
    const again = (name: string) => () => {
      calls.push(name);
      if (!budget.reserve(6, again(name))) calls.push(`${name} waits`);
    };
    expect(budget.reserve(6, again('a'))).toBe(true);
    expect(budget.reserve(6, again('b'))).toBe(false);
    expect(budget.reserve(6, again('c'))).toBe(false);
    budget.release(6);
    expect(calls).toEqual(['b', 'c', 'c waits']);
    expect(budget.used).toBe(6);
  });
});
