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
  type ServerEvent,
  serve,
  tinyproto,
} from 'rx-tinyproto';
import { firstValueFrom, lastValueFrom, type Observable, ReplaySubject, Subject, takeUntil } from 'rxjs';
import { answer } from './calls.js';
import { collected, type Peak, watching } from './watch.js';

export type Kind = 'tinyproto' | 'lengthPrefixed' | 'bare';

export interface Listening {
  readonly kind: Kind;
  /** The deadlines of a case that is not to take long. */
  readonly writeTimeoutMs?: number;
  readonly okTimeoutMs?: number;
  readonly maxQueuedBytes?: number;
}

/** One address has room for 28,000 connections that are open or were a minute ago. */
const hosts = Array.from({ length: 8 }, (_, index) => `127.0.0.${index + 1}`);
const stray: string[] = [];
const failures: Record<string, number> = {};
let open = 0;
let accepted = 0;

process.on('uncaughtException', (error) => stray.push(`uncaught: ${error.stack}`));
process.on('unhandledRejection', (error) => stray.push(`unhandled: ${error}`));
process.on('warning', (warning) => stray.push(`warning: ${warning}`));

function came<T extends Connection | Socket>(it: T): T {
  open++;
  accepted++;
  return it;
}

const framings: Readonly<Record<Exclude<Kind, 'bare'>, (options: Listening) => Framing>> = {
  tinyproto: ({ okTimeoutMs }) => tinyproto({ ...(okTimeoutMs && { okTimeoutMs }) }),
  lengthPrefixed: () => lengthPrefixed(),
};

const flood = () => new Uint8Array(16_384);
/** What those that are flooded were sent, and how long each was let when the road took no more. */
let flooded = 0;
const stalledMs: number[] = [];

function* endless(closed$: Observable<unknown>): Generator<Uint8Array> {
  let last = performance.now();
  closed$.subscribe(() => stalledMs.push(performance.now() - last));
  for (;;) {
    last = performance.now();
    flooded += 16_384;
    yield flood();
  }
}

const flooding = (message: Uint8Array) => message.length === 1;
const addressed = (all: readonly BoundAddress[]) =>
  all.flatMap((at) => ('port' in at ? [{ host: at.host, port: at.port }] : []));

let stop: () => Promise<void> = async () => {};

async function listenOurs(options: Listening & { readonly kind: Exclude<Kind, 'bare'> }) {
  const { kind, writeTimeoutMs, maxQueuedBytes } = options;
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
      eventObserver: { next: event },
      ...(writeTimeoutMs && { writeTimeoutMs }),
      ...(maxQueuedBytes && { maxQueuedBytes }),
    },
  ).pipe(
    takeUntil(stop$),
    serve(
      (conn, { stopping$ }) => {
        const { closed$ } = came(conn);
        closed$.subscribe(() => open--);
        return conn.messages$.pipe(
          takeUntil(stopping$),
          consume((message) => (flooding(message) ? conn.sendAll(endless(closed$)) : conn.send(message))),
        );
      },
      { onError: failed },
    ),
  );
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
  let last = performance.now();
  const more = () => {
    last = performance.now();
    flooded += 16_384;
    while (socket.write(flood())) flooded += 16_384;
  };
  socket.on('drain', more).setTimeout(timeoutMs, () => {
    failed({ code: 'write-timeout' });
    socket.resetAndDestroy();
  });
  socket.once('close', () => stalledMs.push(performance.now() - last));
  more();
}

async function listenBare({ writeTimeoutMs = 0 }: Listening) {
  const sockets = new Set<Socket>();
  const servers: Server[] = [];
  for (const host of hosts) {
    const server = createServer({ noDelay: true }, (socket) => {
      sockets.add(came(socket));
      socket.on('error', failed);
      socket.on('data', (bytes) => {
        if (flooding(bytes)) floodBare(socket, writeTimeoutMs);
        else socket.write(bytes);
      });
      socket.on('close', () => {
        sockets.delete(socket);
        open--;
      });
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
  counts: () => ({ open, accepted, flooded, failures: { ...failures }, stray: [...stray] }),
  /** Of those that were flooded. */
  longestStallMs: () => Math.max(0, ...stalledMs),
  /** In order; resolves with how long it took, when the last connection has gone. */
  stop: async () => {
    const began = performance.now();
    await stop();
    return performance.now() - began;
  },
};

export type ServerCalls = typeof calls;
answer(calls);
