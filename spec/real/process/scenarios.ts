import { strictEqual } from 'node:assert';
import { createServer, connect as dialSocket, type ServerOpts, type Socket } from 'node:net';
import {
  type BoundAddress,
  type Connection,
  type ConnectOptions,
  connect,
  consume,
  converse,
  type ListenOptions,
  listen,
  serve,
} from 'rx-tinyproto';
import {
  defer,
  firstValueFrom,
  ignoreElements,
  merge,
  type Observable,
  Subject,
  take,
  takeUntil,
  tap,
} from 'rxjs';

/**
 * Small programs, one a scenario: `scenarios.ts NAME`. Each does its work, says `done`, and does nothing to end itself: what is over must not keep the
 * process alive, nor say a word on its standard error.
 */
const scenarios: Record<string, () => Promise<void>> = {
  async 'a server that was stopped'() {
    const server = await serving((conn, stopping$) => echo(conn).pipe(takeUntil(stopping$)));
    strictEqual(await ending(talk(server.port)), 'completed');
    const { conn, end } = await calling(server.port);
    strictEqual(await ending(conn.send(hello)), 'completed');
    server.stop.next();
    strictEqual(await end, 'completed');
  },

  async 'a server that was unsubscribed with a message under way'() {
    const [hasBegun, begun] = signal();
    const server = await serving((conn) => merge(conn.send(large), defer(hasBegun)));
    const { end } = await calling(server.port);
    await begun;
    server.running.unsubscribe();
    strictEqual(await end, 'reset');
  },

  async 'a server that was full'() {
    const server = await serving(echo, { maxConnections: 1 });
    const { conn } = await calling(server.port);
    strictEqual(await ending(talk(server.port)), 'connection-limit');
    await ending(conn.close());
    server.stop.next();
  },

  async 'a server whose peers reset, before and after the opening'() {
    const server = await serving(echo);
    for (const said of ['', 'ff', 'ff00000001']) {
      const peer = dialSocket(server.port, '127.0.0.1');
      await new Promise<unknown>((connected) => peer.once('connect', connected));
      await new Promise<unknown>((written) => peer.write(said, 'hex', written));
      peer.resetAndDestroy();
    }
    strictEqual(await ending(talk(server.port)), 'completed');
    server.stop.next();
  },

  async 'a client that ended'() {
    const port = await rawServer(
      (peer) => peer.write('ff', 'hex'),
      (peer) => peer.write('ff', 'hex'),
    );
    strictEqual(await ending(connect(port).pipe(converse((conn) => conn.send(hello)))), 'completed');
  },

  async 'a client whose peer reset'() {
    const port = await rawServer(
      (peer) => peer.write('ff', 'hex'),
      (peer) => peer.resetAndDestroy(),
    );
    const talk = connect(port).pipe(converse((conn) => merge(echo(conn), conn.send(hello))));
    strictEqual(await ending(talk), 'reset');
  },

  async 'a client that found nobody'() {
    strictEqual(await ending(connect(1)), 'connection-refused');
  },

  async 'a client that was unsubscribed while it dialled, opened, and talked'() {
    connect(await rawServer())
      .subscribe()
      .unsubscribe();
    const [hasCome, come] = signal();
    const opening = connect(await rawServer(hasCome)).subscribe();
    await come;
    opening.unsubscribe();
    const [hasOpened, opened] = signal();
    const raw = await rawServer((peer) => peer.write('ff', 'hex'));
    const talking = connect(raw, { closeTimeoutMs: 100 }).subscribe((conn) => {
      conn.send(large).subscribe({ error: () => {} });
      conn.messages$.subscribe();
      hasOpened();
    });
    await opened;
    talking.unsubscribe();
  },

  /** RxJS throws such an error where nobody can catch it. The library neither hides that, nor adds to it. */
  async 'a client that handled no error'() {
    connect(1).subscribe();
  },

  async 'a client that closed, and whose peer did not'() {
    const port = await rawServer((peer) => peer.write('ff', 'hex'), undefined, { allowHalfOpen: true });
    const { conn, end } = await calling(port, { closeTimeoutMs: 100 });
    strictEqual(await ending(conn.close()), 'completed');
    strictEqual(await end, 'completed');
  },
};

const hello = new TextEncoder().encode('hello');
const large = new Uint8Array(8 << 20);

type Handler = (connection: Connection, stopping$: Observable<void>) => Observable<unknown>;

function echo(conn: Connection): Observable<unknown> {
  return conn.messages$.pipe(consume((message) => conn.send(message)));
}

/** One message and its answer. */
function talk(port: number): Observable<unknown> {
  return connect(port).pipe(
    converse((conn) => merge(conn.send(hello).pipe(ignoreElements()), conn.messages$.pipe(take(1)))),
  );
}

/** `completed`, or the code that it failed with. */
function ending(stream$: Observable<unknown>): Promise<string> {
  return new Promise((ended) => {
    stream$.subscribe({ complete: () => ended('completed'), error: ({ code }) => ended(code) });
  });
}

/** Something to call, and something to wait for until it is called. */
function signal(): [call: () => never[], called: Promise<void>] {
  let resolve = () => {};
  const called = new Promise<void>((resolved) => {
    resolve = resolved;
  });
  const call = () => {
    resolve();
    return [];
  };
  return [call, called];
}

/** A server of ours, up until `stop` emits or `running` is unsubscribed. */
async function serving(handler: Handler, options: ListenOptions = {}) {
  const bound = new Subject<readonly BoundAddress[]>();
  const stop = new Subject<void>();
  const address = firstValueFrom(bound);
  const running = listen(0, { ...options, openObserver: bound })
    .pipe(
      takeUntil(stop),
      serve((conn, { stopping$ }) => handler(conn, stopping$)),
    )
    .subscribe();
  const [{ port } = { port: 0 }] = (await address) as readonly { port: number }[];
  return { port, stop, running };
}

/** A client of ours, open, and how it ends. */
async function calling(port: number, options: ConnectOptions = {}) {
  const opened = new Subject<Connection>();
  const conn = firstValueFrom(opened);
  const end = ending(connect(port, options).pipe(tap((each) => opened.next(each))));
  return { conn: await conn, end };
}

const nothing = () => {};

/** A peer of Node's sockets for one connection, which it closes when we do: what it does when we come, and when it has heard a header of ours. */
async function rawServer(
  onOpening: (peer: Socket) => void = nothing,
  onHeader: (peer: Socket) => void = nothing,
  options: ServerOpts = {},
): Promise<number> {
  const server = createServer(options, (peer) => {
    server.close();
    peer.on('error', nothing);
    let heard = 0;
    peer.on('data', ({ length }) => {
      heard += length;
      if (heard === 5) onHeader(peer);
    });
    onOpening(peer);
  });
  server.unref();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return (server.address() as { port: number }).port;
}

await scenarios[process.argv[2] ?? '']?.();
console.log('done');
