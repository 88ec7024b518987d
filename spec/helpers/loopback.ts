import { createServer, connect as dialSocket, type Socket } from 'node:net';
import {
  type Address,
  type BoundAddress,
  type Connection,
  type ListenOptions,
  listen,
  type ServeContext,
  serve,
} from 'rx-tinyproto';
import {
  BehaviorSubject,
  filter,
  firstValueFrom,
  lastValueFrom,
  type ObservableInput,
  ReplaySubject,
  Subject,
  skip,
  takeUntil,
} from 'rxjs';
import type { TestContext } from 'vitest';

/** What a test gives to those who clean up behind it. A concurrent test has a context of its own. */
export type Cleanup = Pick<TestContext, 'onTestFinished'>;

export interface Served {
  readonly port: number;
  readonly addresses: readonly BoundAddress[];
  /** The next connection that comes; one that has come already counts, once. */
  next(): Promise<Connection>;
  /** The connection of the peer on that port, which has come or will. */
  from(port: number): Promise<Connection>;
  /** All connections that came so far. */
  readonly connections: readonly Connection[];
  /** What handlers failed with. */
  readonly errors: readonly unknown[];
  /** Stops the server in order; resolves when the last conversation is over. */
  stop(): Promise<void>;
  /** Unsubscribes. */
  abort(): void;
}

export interface ServedOptions extends ListenOptions {
  readonly address?: Address | readonly Address[];
  readonly graceMs?: number;
}

export type Handler = (connection: Connection, context: ServeContext) => ObservableInput<unknown>;

/** A server on a loopback port of the system's choice, up when resolved. It does not outlive the test. */
export async function serving(
  { onTestFinished }: Cleanup,
  handler: Handler,
  { address = 0, graceMs = 10_000, ...options }: ServedOptions = {},
): Promise<Served> {
  const stopping = new Subject<void>();
  const bound = new Subject<readonly BoundAddress[]>();
  const over = new Subject<void>();
  const connections: Connection[] = [];
  const came = new ReplaySubject<Connection>();
  let asked = 0;
  const errors: unknown[] = [];

  const addresses = firstValueFrom(bound);
  const subscription = listen(address, { ...options, openObserver: bound })
    .pipe(
      takeUntil(stopping),
      serve(
        (connection, context) => {
          connections.push(connection);
          came.next(connection);
          return handler(connection, context);
        },
        { graceMs, onError: (error) => errors.push(error) },
      ),
    )
    .subscribe({
      error: (error) => {
        bound.error(error);
        over.error(error);
      },
      complete: () => over.complete(),
    });
  onTestFinished(() => subscription.unsubscribe());

  const [first = { path: '' }] = await addresses;
  return {
    port: 'port' in first ? first.port : 0,
    addresses: await addresses,
    next: () => firstValueFrom(came.pipe(skip(asked++))),
    from: (peer) =>
      firstValueFrom(came.pipe(filter(({ remote }) => 'port' in remote && remote.port === peer))),
    connections,
    errors,
    stop() {
      const end = lastValueFrom(over, { defaultValue: undefined });
      stopping.next();
      return end;
    },
    abort: () => subscription.unsubscribe(),
  };
}

/** A peer of bytes, on a socket of Node's. It writes and hears; nothing else happens by itself, FIN included. */
export interface Raw {
  /** Its own port. */
  readonly port: number;
  /** Writes what is given as hexadecimal, blanks left out; resolves when the kernel has it. */
  write(hex: string): Promise<void>;
  fin(): void;
  rst(): void;
  /** Stops reading. */
  deafen(): void;
  /** Reads on. */
  listen(): void;
  /** All that it has heard, in hexadecimal. */
  readonly heard: string;
  /** Resolves with all that it has heard once that is so many bytes or the other side has ended. */
  hears(bytes: number): Promise<string>;
  /** The same for many bytes: resolves with their number. */
  hearsMany(bytes: number): Promise<number>;
  /** How the other side ends. */
  readonly end: Promise<'fin' | 'rst'>;
}

/** Calls a server of ours; resolves when the kernel has connected. */
export async function rawClient({ onTestFinished }: Cleanup, port: number): Promise<Raw> {
  const socket = dialSocket({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  onTestFinished(() => void socket.destroy());
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return raw(socket);
}

/** Waits for clients of ours on the port that it resolves with. */
export async function rawServer({ onTestFinished }: Cleanup, accepted: (peer: Raw) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    accepted(raw(socket));
  });
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const bound = server.address();
  return typeof bound === 'object' && bound ? bound.port : 0;
}

/** Time enough for what is under way: another peer has been to another server and back. */
export async function roundTrip(test: Cleanup): Promise<void> {
  const { port } = await serving(test, ({ messages$ }) => messages$);
  const peer = await rawClient(test, port);
  await peer.write('ff 00000000');
  await peer.hears(2);
  peer.fin();
  await peer.end;
}

function raw(socket: Socket): Raw {
  const chunks: Buffer[] = [];
  const came = new BehaviorSubject(0);
  let how: 'fin' | 'rst' | undefined;
  const heard = () => Buffer.concat(chunks).toString('hex');
  const end = new Promise<'fin' | 'rst'>((resolve) => {
    const ended = (as: 'fin' | 'rst') => {
      how ??= as;
      resolve(how);
      came.complete();
    };
    // Node reports RST as an end if unread bytes came before it; but then a write fails, be it an empty one.
    socket.on('end', () => {
      if (socket.writableEnded) ended('fin');
      else socket.write('', (error) => ended(error ? 'rst' : 'fin'));
    });
    socket.on('error', () => ended('rst'));
    socket.on('close', () => ended('rst'));
  });
  socket.on('data', (chunk) => {
    chunks.push(chunk);
    came.next(came.value + chunk.length);
  });
  const enough = (bytes: number) =>
    firstValueFrom(came.pipe(filter((sum) => sum >= bytes)), { defaultValue: came.value });
  return {
    port: socket.localPort ?? 0,
    write: (hex) =>
      new Promise((written) => {
        socket.write(Buffer.from(hex.replaceAll(' ', ''), 'hex'), () => written());
      }),
    fin: () => void socket.end(),
    rst: () => void socket.resetAndDestroy(),
    deafen: () => void socket.pause(),
    listen: () => void socket.resume(),
    get heard() {
      return heard();
    },
    async hears(bytes) {
      await enough(bytes);
      return heard();
    },
    hearsMany: enough,
    end,
  };
}
