import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

// Sends one message between two processes over loopback, by default of 4,043,309,055 bytes, the most that a tinyproto header can say, and tells how much memory each took.
//
//   npm run large-message [-- bytes [tinyproto|lengthPrefixed]]

export interface Carried {
  readonly bytes: number;
  readonly seconds: number;
  /** Most resident memory, Node itself included, in bytes. */
  readonly receiverPeak: number;
  readonly senderPeak: number;
}

/** V8 frees buffers on a thread of its own, which lags behind on a busy machine, and would be what is measured. */
const flags = ['--no-concurrent-array-buffer-sweeping'];

interface Word {
  readonly port?: number;
  readonly bytes?: number;
  readonly peakRss?: number;
}

/** Carries one message of so many bytes between two processes of plain Node: a loader of TypeScript would count as memory. */
export async function carryLarge(size: number, framing: string): Promise<Carried> {
  const folder = await mkdtemp(join(tmpdir(), 'large-message-'));
  try {
    const program = await bundled(folder);
    const ready = deferred<number>();
    const receiving = side([program, 'receive', framing], ({ port }) => port && ready.resolve(port));
    const port = await Promise.race([ready.promise, receiving.then(() => 0)]);
    const start = performance.now();
    const sent = await side([program, 'send', framing, String(size), String(port)]);
    const received = await receiving;
    return {
      bytes: received.bytes ?? 0,
      seconds: (performance.now() - start) / 1_000,
      receiverPeak: received.peakRss ?? 0,
      senderPeak: sent.peakRss ?? 0,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function bundled(folder: string): Promise<string> {
  const outfile = join(folder, 'side.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL('large-message-side.ts', import.meta.url))],
    tsconfig: fileURLToPath(new URL('../tsconfig.json', import.meta.url)),
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    outfile,
    logLevel: 'error',
  });
  return outfile;
}

/** Runs one side to its end; resolves with all that it has said. */
function side(args: readonly string[], heard = (_: Word): unknown => undefined): Promise<Word> {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const child = spawn(process.execPath, [...flags, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let said: Word = {};
  createInterface(child.stdout).on('line', (line) => {
    const word: Word = JSON.parse(line);
    said = { ...said, ...word };
    heard(word);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve(said) : reject(new Error(`${args[1]} ended with ${code}`)),
    );
  });
}

function deferred<T>(): { promise: Promise<T>; resolve(value: T): void } {
  let resolve = (_: T): void => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [size = '4043309055', framing = 'tinyproto'] = process.argv.slice(2);
  const { bytes, seconds, receiverPeak, senderPeak } = await carryLarge(Number(size), framing);
  const inMb = (count: number) => `${(count / 1e6).toFixed(1)} MB`;
  console.log(`one message of ${bytes} bytes in ${seconds.toFixed(1)} s, ${inMb(bytes / seconds)}/s`);
  console.log(`peak resident memory: sender ${inMb(senderPeak)}, receiver ${inMb(receiverPeak)}`);
}
