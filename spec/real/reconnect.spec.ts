import {
  type BoundAddress,
  type Connection,
  connect,
  consume,
  converse,
  failover,
  listen,
  type ReconnectState,
  reconnect,
  serve,
  text,
} from 'rx-tinyproto';
import {
  catchError,
  concatMap,
  defer,
  firstValueFrom,
  ignoreElements,
  merge,
  mergeMap,
  NEVER,
  of,
  ReplaySubject,
  type Subscription,
  take,
  tap,
  timer,
} from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';

const codec = text();
const quick = { minDelayMs: 5, maxDelayMs: 40 };

/** An echo server that can be brought down, with a reset of all its connections, and up again at the same port. */
async function echoServer(port = 0) {
  const bound = new ReplaySubject<readonly BoundAddress[]>(1);
  const all = new Set<Connection<string>>();
  const heard: string[] = [];
  let at: BoundAddress | number = port;
  let serving: Subscription | undefined;
  const up = () => {
    serving = listen(at, { codec, openObserver: bound })
      .pipe(
        tap((conn) => all.add(conn)),
        serve((conn) =>
          conn.messages$.pipe(
            tap((message) => heard.push(message)),
            consume((message) => conn.send(message)),
          ),
        ),
      )
      .subscribe();
  };
  up();
  at = (await firstValueFrom(bound))[0] as BoundAddress;
  onTestFinished(() => serving?.unsubscribe());
  return { at, up, down: () => serving?.unsubscribe(), heard, all };
}

describe('reconnect over loopback', () => {
  it('goes on with the same conversation after the server was away, twice', async () => {
    const server = await echoServer();
    const states: ReconnectState['state'][] = [];
    const echoes: string[] = [];
    const ids = new Set<string>();
    const client = connect(server.at, { codec })
      .pipe(
        reconnect({
          ...quick,
          onEnd: 'reconnect',
          whileAway: 'queue',
          stateObserver: { next: ({ state }) => states.push(state) },
        }),
        mergeMap((conn) =>
          merge(
            conn.messages$.pipe(tap((message) => echoes.push(message))),
            timer(0, 10).pipe(
              take(30),
              concatMap((index) =>
                conn.send(`${ids.add(conn.id) && index}`).pipe(catchError(() => of(undefined))),
              ),
              ignoreElements(),
            ),
          ),
        ),
      )
      .subscribe();
    onTestFinished(() => client.unsubscribe());
    for (const at of [5, 15]) {
      await expect.poll(() => server.heard.length).toBeGreaterThanOrEqual(at);
      server.down();
      await firstValueFrom(timer(30));
      server.up();
    }
    await expect.poll(() => server.heard.at(-1), { timeout: 5_000 }).toBe('29');
    await expect.poll(() => echoes.at(-1)).toBe('29');
    expect(server.heard).toEqual([...new Set(server.heard)]);
    expect(server.heard.map(Number)).toEqual(server.heard.map(Number).sort((a, b) => a - b));
    expect(ids.size).toBe(1);
    expect(states.filter((state) => state === 'connected')).toHaveLength(3);
  });

  it('fails over to another server, and ends in order', async () => {
    const [first, second] = [await echoServer(), await echoServer()];
    first.down();
    const either$ = failover(connect(first.at, { codec }), connect(second.at, { codec }));
    const echo$ = either$.pipe(
      reconnect(quick),
      converse((conn) => merge(conn.messages$.pipe(take(1)), conn.send('a').pipe(ignoreElements()))),
    );
    expect(await firstValueFrom(echo$)).toBe('a');
    expect(second.heard).toEqual(['a']);
    for (const conn of second.all) await firstValueFrom(conn.closed$);
  });

  it('leaves nothing behind when it is unsubscribed while it waits', async () => {
    const server = await echoServer();
    server.down();
    const states: string[] = [];
    const stateObserver = { next: ({ state }: ReconnectState) => states.push(state) };
    const client = defer(() => connect(server.at, { codec }))
      .pipe(reconnect({ ...quick, stateObserver }))
      .subscribe();
    await expect.poll(() => states.length).toBeGreaterThan(4);
    client.unsubscribe();
    const before = states.length;
    await firstValueFrom(timer(100));
    expect(states).toHaveLength(before);
  });

  it('asks an asynchronous generator for no more messages than the window of `sendAll` has room for', async () => {
    const bound = new ReplaySubject<readonly BoundAddress[]>(1);
    const serving = listen(0, { codec, openObserver: bound })
      .pipe(serve((conn) => conn.messages$.pipe(consume(() => NEVER))))
      .subscribe();
    onTestFinished(() => serving.unsubscribe());
    let asked = 0;
    async function* endless() {
      while (asked < 10_000) yield `${asked++}`;
    }
    const [at] = await firstValueFrom(bound);
    const client = connect(at as BoundAddress, { codec })
      .pipe(
        reconnect<string, string>(quick),
        mergeMap((conn) => conn.sendAll(endless())),
      )
      .subscribe();
    onTestFinished(() => client.unsubscribe());
    await firstValueFrom(timer(100));
    expect(asked).toBeGreaterThan(1);
    expect(asked).toBeLessThan(50);
  });
});
