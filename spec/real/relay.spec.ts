import { type Connection, connect, consume, converse, relay, tinyproto } from 'rx-tinyproto';
import {
  catchError,
  concatMap,
  count,
  distinctUntilChanged,
  EMPTY,
  endWith,
  filter,
  firstValueFrom,
  ignoreElements,
  map,
  merge,
  mergeMap,
  NEVER,
  of,
  range,
  scan,
  take,
  tap,
  timer,
} from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Handler, type Served, serving } from '../helpers/loopback.js';

const test = { onTestFinished };

/** A server behind so many relays; gives the port in front, and all servers, the far one first. */
async function behind(
  hops: number,
  handler: Handler,
  options = {},
): Promise<{ port: number; servers: Served[] }> {
  const servers = [await serving(test, handler, options)];
  for (let hop = 0; hop < hops; hop++) {
    const onwards = (servers.at(-1) as Served).port;
    const passOn: Handler = (inside) =>
      connect(onwards, options).pipe(converse((outside) => relay(inside, outside)));
    servers.push(await serving(test, passOn, options));
  }
  return { port: (servers.at(-1) as Served).port, servers };
}

const numbered = (index: number) => new Uint8Array(new Uint32Array([index]).buffer);
const numberOf = (message: Uint8Array) => new DataView(message.buffer, message.byteOffset).getUint32(0, true);

/** Sends so many numbered messages, one after the other. */
const stream = (conn: Connection, messages: number) =>
  range(messages).pipe(concatMap((index) => conn.send(numbered(index))));

function* numbers(messages: number): Generator<Uint8Array> {
  for (let index = 0; index < messages; index++) yield numbered(index);
}

/** A request is even, its reply one more. Gives how many replies came. */
const asksAndAnswers = (messages: number) => (conn: Connection) => {
  function* requests() {
    for (let index = 0; index < messages; index++) yield numbered(2 * index);
  }
  const answer = (message: Uint8Array) => {
    const number = numberOf(message);
    return number % 2 === 0 ? conn.send(numbered(number + 1)).pipe(map(() => 0)) : of(1);
  };
  const replies$ = conn.messages$.pipe(
    consume(answer),
    scan((replies, reply) => replies + reply, 0),
    distinctUntilChanged(),
    filter((replies) => replies === messages), // and goes on to answer
  );
  return merge(conn.sendAll(requests()).pipe(ignoreElements()), replies$);
};

describe('two sides that stream, consume and reply', () => {
  it.each([
    ['strict', {}],
    ['with a window of 16', { window: 16 }],
  ])('do not wait for each other for ever, over 1,500 messages, %s', async (_, tinyprotoOptions) => {
    const options = { framing: tinyproto(tinyprotoOptions) };
    const talk = asksAndAnswers(1_500);
    const done: number[] = [];
    const both = (conn: Connection) => talk(conn).pipe(tap((replies) => done.push(replies)));
    const { port } = await serving(test, both, options);
    const client = connect(port, options).pipe(mergeMap(both)).subscribe();
    onTestFinished(() => client.unsubscribe());
    await expect.poll(() => done, { timeout: 15_000 }).toEqual([1_500, 1_500]);
  });
});

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
    const { port } = await behind(3, slow);
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
        consume((_, index) => (index % 100 === 0 ? timer(5) : EMPTY).pipe(endWith(1))),
        take(messages),
        count(),
      );
      return merge(conn.sendAll(numbers(messages)).pipe(ignoreElements()), received$);
    };
    const done: number[] = [];
    const both = (conn: Connection) => merge(talk(conn).pipe(tap((received) => done.push(received))), NEVER);
    const { port } = await behind(2, both);
    const client = connect(port).pipe(mergeMap(both)).subscribe();
    onTestFinished(() => client.unsubscribe());
    await expect.poll(() => done, { timeout: 15_000 }).toEqual([messages, messages]);
  });

  it('is over at both ends, and leaves nothing open, whoever is killed', async () => {
    const silent: Handler = (conn) => conn.messages$.pipe(consume(() => NEVER));
    for (const victim of [0, 1, 2]) {
      const { port, servers } = await behind(2, silent);
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
