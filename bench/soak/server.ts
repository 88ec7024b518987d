/**
 * The server under measure, in a process of its own: an echo server of this library, or one on bare sockets, which is the machine's floor.
 * It floods whoever sends one byte: that is how the peers ask to be written to.
 */
import { createServer, type Server, type Socket } from 'node:net';
import {
  type BoundAddress,
  type Connection,
  consume,
  type Framing,
  lengthPrefixed,
  listen,
  type ServeContext,
  type ServerEvent,
  serve,
  tinyproto,
} from 'rx-tinyproto';
import {
  firstValueFrom,
  lastValueFrom,
  merge,
  mergeMap,
  type Observable,
  partition,
  ReplaySubject,
  Subject,
  takeUntil,
} from 'rxjs';
import { answer } from './calls.js';
import { collected, type Peak, watching } from './watch.js';

export type Kind = 'tinyproto' | 'lengthPrefixed' | 'bare';

export interface Listening {
  readonly kind: Kind;
  /** The deadlines of a case that is not to take long. */
  readonly writeTimeoutMs?: number;
  readonly okTimeoutMs?: number;
  readonly maxQueuedBytes?: number;
  /** Floods whoever sends one byte. */
  readonly floods?: boolean;
  /** Keeps count of what fails; a server that does costs more. */
  readonly watches?: boolean;
}

/** One address has room for 28,000 connections that are open or were a minute ago. */
const hosts = Array.from({ length: 8 }, (_, index) => `127.0.0.${index + 1}`);
const stray: string[] = [];
const failures: Record<string, number> = {};
let accepted = 0;
/** Sockets are counted where they are: what a connection costs is not to be what counting it costs. */
const open = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;

process.on('uncaughtException', (error) => stray.push(`uncaught: ${error.stack}`));
process.on('unhandledRejection', (error) => stray.push(`unhandled: ${error}`));
process.on('warning', (warning) => stray.push(`warning: ${warning}`));

const framings: Readonly<Record<Exclude<Kind, 'bare'>, (options: Listening) => Framing>> = {
  tinyproto: ({ okTimeoutMs }) => tinyproto({ ...(okTimeoutMs && { okTimeoutMs }) }),
  lengthPrefixed: () => lengthPrefixed(),
};

const flood = () => new Uint8Array(16_384);
/** What those that are flooded were sent, in all. */
let flooded = 0;

/** One that is flooded, until it is cut. */
class Flooded {
  readonly #began = performance.now();
  #last = this.#began;

  /** The road takes more. */
  sent(): Uint8Array {
    this.#last = performance.now();
    flooded += 16_384;
    return flood();
  }

  cut(): void {
    const now = performance.now();
    stalls.count++;
    stalls.longest = Math.max(stalls.longest, now - this.#last);
    stalls.last = Math.max(stalls.last, now - this.#began);
  }
}

/** Of those that were flooded: how many were cut, how long one was let when the road took no more, and how long since it had asked. */
const stalls = { count: 0, longest: 0, last: 0 };

function* endless(closed$: Observable<unknown>): Generator<Uint8Array> {
  const peer = new Flooded();
  closed$.subscribe(() => peer.cut());
  for (;;) yield peer.sent();
}

const asksForFlood = (message: Uint8Array) => message.length === 1;
const addressed = (all: readonly BoundAddress[]) =>
  all.flatMap((at) => ('port' in at ? [{ host: at.host, port: at.port }] : []));

let stop: () => Promise<void> = async () => {};

type Handler = (conn: Connection, context: ServeContext) => Observable<unknown>;

/** The server of the readme. */
const echo: Handler = (conn, { stopping$ }) => {
  accepted++;
  return conn.messages$.pipe(
    takeUntil(stopping$),
    consume((message) => conn.send(message)),
  );
};

/** Whoever streams reads on: with tinyproto a stream waits as long as the message that asked for it is held. */
const echoAndFlood: Handler = (conn, { stopping$ }) => {
  accepted++;
  const [asking$, others$] = partition(conn.messages$, asksForFlood);
  return merge(
    asking$.pipe(mergeMap(() => conn.sendAll(endless(conn.closed$)))),
    others$.pipe(consume((message) => conn.send(message))),
  ).pipe(takeUntil(stopping$));
};

async function listenOurs(options: Listening & { readonly kind: Exclude<Kind, 'bare'> }) {
  const { kind, writeTimeoutMs, maxQueuedBytes, floods, watches } = options;
  const bound = new ReplaySubject<readonly BoundAddress[]>(1);
  const stop$ = new Subject<void>();
  const event = (happened: ServerEvent) => {
    if (happened.type === 'failed') failed(happened.error);
  };
  const running = listen(
    hosts.map((host) => ({ host, port: 0 })),
    {
      framing: framings[kind](options),
      maxConnections: 12_000,
      openObserver: bound,
      ...(watches && { eventObserver: { next: event } }),
      ...(writeTimeoutMs && { writeTimeoutMs }),
      ...(maxQueuedBytes && { maxQueuedBytes }),
    },
  ).pipe(takeUntil(stop$), serve(floods ? echoAndFlood : echo, { onError: failed }));
  const ended = lastValueFrom(running, { defaultValue: undefined });
  stop = async () => {
    stop$.next();
    await ended;
  };
  return addressed(await firstValueFrom(bound));
}

function failed(error: unknown): void {
  const { code = String(error) } = error as { readonly code?: string };
  failures[code] = (failures[code] ?? 0) + 1;
}

/** Writes as long as there is room, and hangs up on who takes nothing for so long. */
function floodBare(socket: Socket, timeoutMs: number): void {
  const peer = new Flooded();
  const more = () => {
    while (socket.write(peer.sent()));
  };
  socket.on('drain', more).once('close', () => peer.cut());
  socket.setTimeout(timeoutMs, () => {
    failed({ code: 'write-timeout' });
    socket.resetAndDestroy();
  });
  more();
}

async function listenBare({ writeTimeoutMs = 0, floods }: Listening) {
  const sockets = new Set<Socket>();
  const servers: Server[] = [];
  for (const host of hosts) {
    const server = createServer({ noDelay: true }, (socket) => {
      accepted++;
      sockets.add(socket);
      socket.on('error', failed);
      socket.on('data', (bytes) => {
        if (floods && asksForFlood(bytes)) floodBare(socket, writeTimeoutMs);
        else socket.write(bytes);
      });
      socket.on('close', () => sockets.delete(socket));
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen({ host, port: 0 }, resolve));
  }
  stop = async () => {
    const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)));
    for (const socket of sockets) socket.end();
    await Promise.all(closed);
  };
  return servers
    .map((server) => server.address() as { readonly address: string; readonly port: number })
    .map(({ address: host, port }) => ({ host, port }));
}

let watched: () => Peak = watching();

const calls = {
  listen: ({ kind, ...rest }: Listening) =>
    kind === 'bare' ? listenBare({ kind, ...rest }) : listenOurs({ kind, ...rest }),
  collected,
  /** Forgets the peaks so far. */
  watch: () => {
    watched();
    watched = watching();
  },
  watched: () => watched(),
  counts: () => ({ open: open(), accepted, flooded, failures: { ...failures }, stray: [...stray] }),
  stalls: () => stalls,
  /** In order; resolves with how long it took, when the last connection has gone. */
  stop: async () => {
    const began = performance.now();
    await stop();
    return performance.now() - began;
  },
};

export type ServerCalls = typeof calls;
answer(calls);
