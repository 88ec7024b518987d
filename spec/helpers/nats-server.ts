import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, connect as dialSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { fetched, onPath, type Presence } from './peers.js';

/** Where the real server is: `NATS_SERVER`, or on the PATH. Debian puts it where only administrators look. */
const path =
  process.env.NATS_SERVER ?? (existsSync('/usr/sbin/nats-server') ? '/usr/sbin/nats-server' : 'nats-server');

/** For `describePeer`. */
export const natsServerHere = (): Presence => {
  const here = path.includes('/') ? existsSync(path) || `no ${path}` : onPath(path)();
  const record = fetched('nats-server')();
  return here !== true && typeof record === 'object' ? record : here;
};

export interface NatsServer {
  readonly port: number;
  /** As `servers` of `nats()`. */
  readonly address: string;
  /** Ends it at once, as a power cut does. */
  kill(): Promise<void>;
  /** Up again, on the same port, with what it had stored. */
  restart(): Promise<void>;
  /** Stops its clock: it keeps its sockets, and says nothing. Resolves when it stands. */
  freeze(): Promise<void>;
  thaw(): void;
}

export interface NatsServerOptions {
  readonly jetstream?: boolean;
  /** Further arguments. */
  readonly args?: readonly string[];
}

/** A real nats-server on a port of its own, up when resolved. It does not outlive the test. */
export async function natsServer(
  { onTestFinished }: Pick<TestContext, 'onTestFinished'>,
  { jetstream = false, args = [] }: NatsServerOptions = {},
): Promise<NatsServer> {
  const port = await freePort();
  const store = jetstream ? mkdtempSync(join(tmpdir(), 'rx-tinyproto-nats-')) : undefined;
  let child: ChildProcess | undefined;

  const start = async () => {
    const words = ['-a', '127.0.0.1', '-p', `${port}`, ...(store ? ['-js', '-sd', store] : []), ...args];
    const started = spawn(path, words, { stdio: 'ignore' });
    child = started;
    await answers(port, () => started.exitCode);
  };
  const kill = async () => {
    const present = child;
    child = undefined;
    if (!present || present.exitCode !== null) return;
    const gone = new Promise((resolve) => present.once('exit', resolve));
    present.kill('SIGKILL');
    await gone;
  };

  onTestFinished(async () => {
    await kill();
    if (store) rmSync(store, { recursive: true, force: true });
  });
  await start();
  return {
    port,
    address: `127.0.0.1:${port}`,
    kill,
    restart: start,
    async freeze() {
      child?.kill('SIGSTOP');
      await stands(child?.pid ?? 0);
    },
    thaw: () => void child?.kill('SIGCONT'),
  };
}

/** Until the system says that a process is stopped. */
async function stands(pid: number): Promise<void> {
  for (let looks = 0; looks < 500; looks++) {
    if (/\) T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`process ${pid} does not stop`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** Waits, ten seconds at most, until a NATS server says INFO. */
async function answers(port: number, exitCode: () => number | null): Promise<void> {
  for (const until = performance.now() + 10_000; performance.now() < until; ) {
    if (exitCode() !== null) throw new Error(`nats-server ended with ${exitCode()}`);
    if (await saysInfo(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('nats-server did not answer within 10 s');
}

function saysInfo(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = dialSocket(port, '127.0.0.1');
    socket.on('error', () => resolve(false));
    socket.once('data', (chunk) => {
      socket.destroy();
      resolve(chunk.toString('latin1').startsWith('INFO'));
    });
    socket.setTimeout(1_000, () => socket.destroy(new Error('silent')));
  });
}
