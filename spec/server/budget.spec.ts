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
    'is given back by a connection that ends with messages unread, in framings that grant nothing, too',
    marbles(
      ({ listen, peer, expectObservable }) => {
        const options = { framing: lengthPrefixed({ size: 1 }), codec: text(), maxInboundBytes: 6 };
        const got$ = listen(server, options).pipe(
          serve((conn) => conn.messages$.pipe(consume((message) => (message === 'a' ? NEVER : [message])))),
        );
        peer(server).sends('<01 61 05 62 63 64 65 66>--#');
        peer(server).sends('------<03 78>--<79 7a>');
        expectObservable(got$, '40ms !').toBe('---------m', { m: 'xyz' });
      },
      { allow: ['open-connections', 'undelivered', 'unmatched'] },
    ),
  );

  it(
    'is not used up by those who announce large messages and send nothing',
    marbles(
      ({ listen, peer, expectBytes, expectObservable }) => {
        const got$ = listen(server, { codec: text(), maxInboundBytes: 400_000 }).pipe(
          serve((conn) => conn.messages$),
        );
        for (const _ of [1, 2, 3, 4]) peer(server).sends('<ff 00 01 86 a0>');
        const good = peer(server).sends('--<ff 00 00 00 03>----"abc"');
        expectObservable(got$, '40ms !').toBe('       -------m', { m: 'abc' });
        expectBytes(good).toBe('         <ff>-<ff> 37ms |');
      },
      { allow: ['open-connections', 'undelivered', 'unmatched'] },
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
  const MiB = 1 << 20;
  const never = () => {};

  it('lets those who wait try again when there is room, in order, once', () => {
    const budget = new Budget(10);
    const calls: string[] = [];
    const waiting = (name: string, bytes: number) =>
      budget.reserve(bytes, () => {
        calls.push(name);
        budget.reserve(bytes, never);
      });
    expect(budget.reserve(6, never)).toBe(true);
    expect([waiting('b', 6), waiting('c', 6), waiting('d', 3)]).toEqual([false, false, true]);
    budget.release(3);
    expect(calls).toEqual([]);
    budget.release(6);
    expect(calls).toEqual(['b']);
    budget.release(6);
    expect(calls).toEqual(['b', 'c']);
    budget.release(6);
    expect(calls).toEqual(['b', 'c']);
    expect(budget.used).toBe(0);
  });

  it('lets whoever is paused look again at each release, since it may be alone now', () => {
    const budget = new Budget(10);
    let looks = 0;
    budget.take(30);
    expect(budget.isFullBeside(20, () => looks++)).toBe(true);
    budget.release(10);
    expect(looks).toBe(1);
    expect(budget.isFullBeside(20, () => looks++)).toBe(false);
    budget.release(20);
    expect(looks).toBe(1);
  });

  it('forgets who waits no more', () => {
    const budget = new Budget(10);
    budget.take(10);
    const again = () => {
      throw new Error('called');
    };
    budget.reserve(1, again);
    budget.isFullBeside(1, again);
    budget.forget(again);
    budget.release(10);
  });

  it('has a quarter that large messages leave to those of at most 65,536 bytes', () => {
    const budget = new Budget(4 * MiB);
    expect([1, 2, 3, 4].map(() => budget.reserve(MiB, never))).toEqual([true, true, true, false]);
    expect(Array.from({ length: 17 }, () => budget.reserve(65_536, never)).lastIndexOf(true)).toBe(15);
    expect(budget.used).toBe(4 * MiB);
  });
});
