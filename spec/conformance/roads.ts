import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, connect as dialSocket, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Address, type BoundAddress, type Transport, tcp, type Wire } from 'rx-tinyproto';
import { virtualNetwork } from 'rx-tinyproto/testing';
import { asapScheduler, map, Observable, scheduled } from 'rxjs';
import type { RoadName } from './suite.js';

/** An end of a wire in the hands of a raw peer. */
export interface RawEnd {
  /** Completes at our FIN, errors at our RST. */
  readonly bytes$: Observable<Uint8Array>;
  write(bytes: Uint8Array): void;
  fin(): void;
  rst(): void;
  deafen(): void;
  listen(): void;
}

/** A road between our side and a raw peer, virtual or real. The raw peer's end of a real one is a socket of Node's, and nothing of ours. */
export interface Road {
  readonly name: RoadName;
  readonly transport: Transport;
  /** Where our server is to listen. */
  address(): Address;
  /** A raw peer calls our server. */
  dial(at: BoundAddress): Observable<RawEnd>;
  /** A raw peer waits for our client, and tells where. */
  accept(opened: (at: Address) => void): Observable<RawEnd>;
  /** Emits when what was written may have left, so that what is written next is a chunk of its own. */
  readonly turn$: Observable<unknown>;
  /** How long a raw peer waits for what it is to hear. @default 8_000 */
  readonly patienceMs?: number;
}

/** A network of its own, in whatever time it is used in. */
export function virtualRoad(): Road {
  const net = virtualNetwork();
  const rawEnd = (wire: Wire): RawEnd => ({
    bytes$: wire.bytes$,
    write: (bytes) => wire.write(bytes, () => {}),
    fin: () => wire.end(() => {}),
    rst: () => wire.destroy({ reset: true }),
    deafen: () => wire.pause(),
    listen: () => wire.resume(),
  });
  return {
    name: 'virtual',
    transport: net,
    address: () => 'server:1',
    dial: (at) => net.dial(at).pipe(map(rawEnd)),
    accept: (opened) => net.listen('peer:1', { openObserver: { next: opened } }).pipe(map(rawEnd)),
    turn$: scheduled([0], asapScheduler),
  };
}

const patience = { probeMs: 20, lingerMs: 200 };
const halfOpen = { allowHalfOpen: true, noDelay: true };

/** Loopback, with waits that suit it. */
export const tcpRoad = (): Road => ({
  name: 'TCP',
  transport: tcp(patience),
  address: () => 0,
  dial: (at) => dialled(() => dialSocket({ ...(at as { host: string; port: number }), ...halfOpen })),
  accept: (opened) => accepted({ port: 0, host: '127.0.0.1' }, opened),
  turn$: turn$(),
});

/** A Unix socket. It cannot say RST. */
export function unixRoad(): Road {
  const path = join(folder(), `${++sockets}.sock`);
  return {
    name: 'Unix socket',
    transport: tcp(patience),
    address: () => ({ path }),
    dial: () => dialled(() => dialSocket({ path, ...halfOpen })),
    accept: (opened) => accepted({ path }, opened),
    turn$: turn$(),
  };
}

export const roads: Readonly<Record<RoadName, () => Road>> = {
  virtual: virtualRoad,
  TCP: tcpRoad,
  'Unix socket': unixRoad,
};

let sockets = 0;
let made: string | undefined;
function folder(): string {
  if (made === undefined) {
    const path = mkdtempSync(join(tmpdir(), 'rx-'));
    process.on('exit', () => rmSync(path, { recursive: true, force: true }));
    made = path;
  }
  return made;
}

const turn$ = () =>
  new Observable<unknown>((subscriber) => {
    const immediate = setImmediate(() => {
      subscriber.next(undefined);
      subscriber.complete();
    });
    return () => clearImmediate(immediate);
  });

const dialled = (dial: () => Socket): Observable<RawEnd> =>
  new Observable((subscriber) => {
    const socket = dial();
    const end = rawEnd(socket);
    const failed = (error: unknown) => subscriber.error(error);
    socket.once('error', failed);
    socket.once('connect', () => {
      socket.off('error', failed);
      subscriber.next(end);
    });
    return () => socket.destroy();
  });

const accepted = (where: { port: number; host: string } | { path: string }, opened: (at: Address) => void) =>
  new Observable<RawEnd>((subscriber) => {
    const ends = new Set<Socket>();
    const server: Server = createServer(halfOpen, (socket) => {
      ends.add(socket);
      subscriber.next(rawEnd(socket));
    });
    server.listen(where, () => opened('path' in where ? where : (server.address() as { port: number }).port));
    return () => {
      server.close();
      for (const socket of ends) socket.destroy();
    };
  });

/** Everything of a socket that a raw peer wants to know. Loses nothing before somebody subscribes. */
function rawEnd(socket: Socket): RawEnd {
  const early: Uint8Array[] = [];
  let hear = (chunk: Uint8Array): void => void early.push(chunk);
  let end: 'fin' | 'rst' | undefined;
  let ended = () => {};
  const over = (how: 'fin' | 'rst') => {
    end ??= how;
    ended();
  };
  socket.on('data', (chunk) => hear(chunk));
  socket.on('error', () => over('rst'));
  socket.on('close', () => over('rst'));
  // Node reports RST as an end if unread bytes came before it; but then a write fails, be it an empty one.
  socket.on('end', () => {
    if (socket.writableEnded) over('fin');
    else socket.write('', (error) => over(error ? 'rst' : 'fin'));
  });
  return {
    bytes$: new Observable((subscriber) => {
      for (const chunk of early.splice(0)) subscriber.next(chunk);
      hear = (chunk) => subscriber.next(chunk);
      ended = () => {
        if (end === 'fin') subscriber.complete();
        else if (end === 'rst') subscriber.error(new Error('reset'));
      };
      ended();
    }),
    write: (bytes) => void socket.write(bytes),
    fin: () => void socket.end(),
    rst: () => void socket.resetAndDestroy(),
    deafen: () => void socket.pause(),
    listen: () => void socket.resume(),
  };
}
