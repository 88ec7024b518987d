import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../contracts/wires.js';
import type { Cleanup } from './loopback.js';

/** What one HAProxy passes on: from a port of its own to one of ours, with an option of its word `server`. */
export interface Forward {
  readonly to: number;
  /** `'send-proxy'`, `'send-proxy-v2'`, or nothing. */
  readonly how: string;
}

/** Runs HAProxy for the length of a test; resolves, once it is up, with the ports that it listens on. */
export async function haproxy({ onTestFinished }: Cleanup, forwards: readonly Forward[]): Promise<number[]> {
  const folder = mkdtempSync(join(tmpdir(), 'rx-haproxy-'));
  const ports = await Promise.all(forwards.map(freePort));
  const sections = forwards.map(
    ({ to, how }, at) => `listen l${at}\n  bind 127.0.0.1:${ports[at]}\n  server s 127.0.0.1:${to} ${how}\n`,
  );
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(
    file,
    `global\n  maxconn 100\ndefaults\n  mode tcp\n  timeout connect 5s\n  timeout client 30s\n  timeout server 30s\n${sections.join('')}`,
  );
  const process = spawn('haproxy', ['-db', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  onTestFinished(async () => {
    await ended(process);
    rmSync(folder, { recursive: true });
  });
  let said = '';
  process.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  await Promise.all(ports.map((port) => listening(port, () => process.exitCode === null || said)));
  return ports;
}

/** A port that nobody has, a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((up) => server.listen(0, '127.0.0.1', up));
  const { port } = server.address() as { port: number };
  await new Promise((closed) => server.close(closed));
  return port;
}

async function listening(port: number, lives: () => true | string): Promise<void> {
  let up = false;
  const knock = () => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      up = true;
      socket.destroy();
    });
    socket.on('error', () => setTimeout(knock, 10));
  };
  knock();
  await until(() => up || lives() !== true, 'HAProxy listens');
  const said = lives();
  if (said !== true) throw new Error(`HAProxy does not run:\n${said}`);
}

function ended(process: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (process.exitCode !== null) return resolve();
    process.once('exit', () => resolve());
    process.kill('SIGKILL');
  });
}
