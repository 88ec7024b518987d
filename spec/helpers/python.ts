import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import type { TestContext } from 'vitest';

/** What a Python peer is to do; `spec/real/python/peer.py` has the reader. */
export interface Script {
  readonly role: 'server' | 'client';
  /** What happens in each conversation: a class of `peer.py`, in lower case. */
  readonly do: string;
  /** Where a client connects to, and how often. */
  readonly port?: number;
  readonly connections?: number;
  /** A client's timeout for everything, in whole seconds. The original has 5. */
  readonly timeout?: number;
  /** A client goes on until it is stopped, and so do the sockets that its dead threads have left open. */
  readonly linger?: boolean;
  /** How many connections a server allows. */
  readonly limit?: number;
  /** What is transmitted: sizes, or texts. */
  readonly messages?: readonly (number | string)[];
  /** For a message that stops on its way: its size, and after how many bytes of the conversation. */
  readonly size?: number;
  readonly after?: number;
}

/** How a program ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** One line of what the program tells. */
export type Told = Readonly<Record<string, unknown>> & { readonly event: string };

/** A message in short. */
export interface Digest {
  readonly size: number;
  readonly crc: number;
}

export interface PythonPeer {
  /** The next thing told of that name, also if it was told before somebody asked. Rejects when the program ends without. */
  next(event: string): Promise<Told>;
  /** All that was told of that name so far. */
  told(event: string): Told[];
  /** The messages that its sinks have told of. */
  readonly heard: readonly Digest[];
  stop(): void;
  kill(): void;
  readonly exit: Promise<Exit>;
}

const folder = fileURLToPath(new URL('../real/python/', import.meta.url));

/** Runs a program of `spec/real/python`. It does not outlive the test. */
export function python(
  { onTestFinished }: Pick<TestContext, 'onTestFinished'>,
  program: string,
  script: Script,
  packages?: string,
): PythonPeer {
  const { PYTHONPATH: _, ...surroundings } = process.env;
  const env = { ...surroundings, PYTHONDONTWRITEBYTECODE: '1', ...(packages && { PYTHONPATH: packages }) };
  const child = spawn('python3', [`${folder}${program}`, JSON.stringify(script)], { env });
  const told: Told[] = [];
  const asked = new Map<string, number>();
  let wake = () => {};
  let woken = new Promise<void>((resolve) => (wake = resolve));
  let ended: Exit | undefined;
  let stderr = '';
  let line = '';

  const happened = () => {
    wake();
    woken = new Promise<void>((resolve) => (wake = resolve));
  };

  child.stdin.on('error', () => {});
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (line + text).split('\n');
    line = lines.pop() ?? '';
    for (const each of lines) told.push(JSON.parse(each));
    happened();
  });
  const exit = new Promise<Exit>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      ended = { code, signal, stderr };
      resolve(ended);
      happened();
    });
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exit;
  });

  const toldOf = (event: string) => told.filter((each) => each.event === event);

  return {
    async next(event) {
      const index = asked.get(event) ?? 0;
      asked.set(event, index + 1);
      for (;;) {
        const found = toldOf(event)[index];
        if (found) return found;
        if (ended)
          throw new Error(
            `${program} ended without telling '${event}': ${JSON.stringify({ ...ended, told })}`,
          );
        await woken;
      }
    },
    told: toldOf,
    get heard() {
      return toldOf('message').map(({ size, crc }) => ({ size, crc }) as Digest);
    },
    stop: () => child.stdin.write('stop\n'),
    kill: () => child.kill('SIGKILL'),
    exit,
  };
}

/** The bytes that `peer.py` makes of a size or a text. */
export function patterned(what: number | string, index = 0): Uint8Array {
  if (typeof what === 'string') return new TextEncoder().encode(what);
  const pattern = Uint8Array.from({ length: 251 }, (_, at) => (what + index + at) % 251);
  return new Uint8Array(Buffer.alloc(what, pattern));
}

/** What a sink of `peer.py` tells of a message, and quicker to compare than five million bytes. */
export const digest = (message: Uint8Array): Digest => ({ size: message.length, crc: crc32(message) });
