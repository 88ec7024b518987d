import { type Connection, connect, consume, converse } from 'rx-tinyproto';
import {
  catchError,
  concatMap,
  count,
  EMPTY,
  endWith,
  firstValueFrom,
  ignoreElements,
  merge,
  mergeMap,
  NEVER,
  range,
  take,
  tap,
  timer,
} from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Handler, Served } from '../helpers/loopback.js';
import { metered, unconsumedBound } from '../helpers/metered.js';
import { asksAndAnswers, behind, numbered } from '../helpers/relayed.js';

const test = { onTestFinished };

/** Sends so many numbered messages, one after the other. */
const stream = (conn: Connection, messages: number) =>
  range(messages).pipe(concatMap((index) => conn.send(numbered(index))));

function* numbers(messages: number): Generator<Uint8Array> {
  for (let index = 0; index < messages; index++) yield numbered(index);
}

describe('relay over loopback', () => {
  it('holds the sender at one end for a slow consumer at the other, over three hops', async () => {
    let consumed = 0;
    let taken = 0;
    let furthest = 0;
    const slow: Handler = (conn) =>
      conn.messages$.pipe(
        consume((_, index) =>
          (index % 50 === 0 ? timer(20) : EMPTY).pipe(tap({ complete: () => consumed++ })),
        ),
      );
    const { port } = await behind(test, 3, slow);
    const sends$ = connect(port).pipe(
      converse((conn) => stream(conn, 500)),
      tap(() => {
        taken++;
        furthest = Math.max(furthest, taken - consumed);
      }),
      ignoreElements(),
    );
    await firstValueFrom(sends$, { defaultValue: undefined });
    expect(taken).toBe(500);
    expect(furthest).toBeLessThanOrEqual(5);
    await expect.poll(() => consumed).toBe(500);
  });

  it('lets both sides stream at full rate, each to a consumer that pauses', async () => {
    const messages = 500;
    const talk = (conn: Connection) => {
      const received$ = conn.messages$.pipe(
        consume((_, index) => (index % 100 === 0 ? timer(5) : EMPTY).pipe(ignoreElements(), endWith(1))),
        take(messages),
        count(),
      );
      return merge(conn.sendAll(numbers(messages)).pipe(ignoreElements()), received$);
    };
    const done: number[] = [];
    const both = (conn: Connection) => merge(talk(conn).pipe(tap((received) => done.push(received))), NEVER);
    const { port } = await behind(test, 2, both);
    const client = connect(port).pipe(mergeMap(both)).subscribe();
    onTestFinished(() => client.unsubscribe());
    await expect.poll(() => done, { timeout: 15_000 }).toEqual([messages, messages]);
  });

  it.each([
    ['strict', {}],
    ['with a window of 16', { window: 16 }],
  ])('lets both sides stream requests and answer those of the other, %s', async (_, options) => {
    const talk = asksAndAnswers(1_000);
    const { framing } = metered(options);
    const ends: unknown[] = [];
    const both = (conn: Connection) => talk(conn).pipe(tap((replies) => ends.push(replies)));
    const { port, servers } = await behind(test, 2, both, { framing });
    const client = connect(port, { framing })
      .pipe(mergeMap(both))
      .subscribe({ error: (error) => ends.push(error) });
    onTestFinished(() => client.unsubscribe());
    await expect.poll(() => ends, { timeout: 15_000 }).toEqual([1_000, 1_000]);
    expect(servers.flatMap(({ errors }) => errors)).toEqual([]);
  });

  it('ends by mutual-hold, everywhere, what both sides send beyond what it can carry', async () => {
    const meter = metered({ mutualHoldTimeoutMs: 300 });
    const options = { framing: meter.framing };
    const ends: unknown[] = [];
    // Plain sends, which answers cannot overtake.
    const floods = (conn: Connection) =>
      merge(
        conn.messages$.pipe(consume((message) => conn.send(message))),
        range(500).pipe(
          mergeMap((index) => conn.send(numbered(index))),
          ignoreElements(),
        ),
      ).pipe(
        ignoreElements(),
        catchError((error) => {
          ends.push(error.cause?.code ?? error.code);
          return EMPTY;
        }),
      );
    const { port, servers } = await behind(test, 1, floods, options);
    const client = connect(port, options)
      .pipe(mergeMap(floods))
      .subscribe({ error: () => {} });
    onTestFinished(() => client.unsubscribe());
    await expect.poll(() => ends.length, { timeout: 10_000 }).toBe(2);
    const relayed = (servers[1] as Served).errors.map((error) => (error as { code: string }).code);
    expect([...ends, ...relayed]).toContain('mutual-hold');
    expect(meter.most).toBeLessThanOrEqual(unconsumedBound({}));
    await Promise.all(servers.map(({ connections: [conn] }) => firstValueFrom((conn as Connection).closed$)));
  });

  it('is over at both ends, and leaves nothing open, whoever is killed', async () => {
    const silent: Handler = (conn) => conn.messages$.pipe(consume(() => NEVER));
    for (const victim of [0, 1, 2]) {
      const { port, servers } = await behind(test, 2, silent);
      const end = firstValueFrom(
        connect(port).pipe(
          mergeMap((conn) => merge(conn.messages$, stream(conn, 100))),
          catchError(() => EMPTY),
          count(),
        ),
      );
      await expect.poll(() => servers.every(({ connections }) => connections.length === 1)).toBe(true);
      await firstValueFrom(timer(20));
      servers[victim]?.connections[0]?.destroy(new Error('killed'));
      await end;
      await Promise.all(
        servers
          .slice(victim)
          .map(({ connections }) => firstValueFrom((connections[0] as Connection).closed$)),
      );
    }
  });
});
