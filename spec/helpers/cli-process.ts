import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { TestContext } from 'vitest';

/** How a command ended. */
export interface Ended {
  /** The exit code, or the signal that ended it. */
  readonly code: number | NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs. */
export interface Program {
  readonly pid: number;
  /** Types, or pipes in. Whether it has room for more. */
  say(text: string): boolean;
  /** Nothing more will be typed. */
  end(): void;
  signal(name: NodeJS.Signals): void;
  /** Closes our end of its output, as `head` does. */
  deafen(): void;
  /** What it prints, once that matches. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
  /** What it says on standard error, once that matches. */
  told(pattern: RegExp): Promise<RegExpExecArray>;
  readonly ended: Promise<Ended>;
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const program = `${root}.cache/spec/cli-${process.env.VITEST_POOL_ID ?? 0}.mjs`;
const pty = fileURLToPath(new URL('../real/python/pty_run.py', import.meta.url));
let built: Promise<unknown> | undefined;

/** Runs `rx-tinyproto`, bundled from its sources. It does not outlive the test. */
export async function cli(
  test: Pick<TestContext, 'onTestFinished'>,
  ...words: readonly string[]
): Promise<Program> {
  await bundled();
  return running(test, process.execPath, [program, ...words]);
}

/** The same in a pseudo-terminal of 80 columns, in which Python holds the other end: what it prints is on `stdout`, colours and all. */
export async function cliOnTerminal(
  test: Pick<TestContext, 'onTestFinished'>,
  words: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Program> {
  await bundled();
  return running(test, 'python3', [pty, process.execPath, program, ...words], env);
}

/** Where the bundle is, for those who run it by themselves. */
export async function bundled(): Promise<string> {
  built ??= build({
    entryPoints: [`${root}src/cli/main.ts`],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['rxjs'],
    logLevel: 'error',
  });
  await built;
  return program;
}

function running(
  { onTestFinished }: Pick<TestContext, 'onTestFinished'>,
  command: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Program {
  // In `CI`, Node sees no colours in a terminal that it does not know.
  const { NO_COLOR: _, FORCE_COLOR: __, NODE_OPTIONS: ___, CI: ____, ...surroundings } = process.env;
  const own = { TERM: 'xterm-256color', PYTHONDONTWRITEBYTECODE: '1' };
  const child = spawn(command, words, { env: { ...surroundings, ...own, ...env } });
  const said = { stdout: '', stderr: '' };
  const watchers = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
      for (const look of watchers) look();
    });
  }
  child.stdin.on('error', () => {}); // it may have ended without reading all we said
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code: code ?? signal, ...said }));
  });
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    child.stdout.destroy();
    child.stderr.destroy();
    await ended;
  });
  const matching = (name: 'stdout' | 'stderr', pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const found = pattern.exec(said[name]);
        if (found) resolve(found);
      };
      watchers.add(look);
      look();
      ended.then(() => reject(new Error(`ended without ${pattern}: ${JSON.stringify(said)}`)));
    });

  return {
    pid: child.pid ?? 0,
    say: (text) => child.stdin.write(text),
    end: () => child.stdin.end(),
    signal: (name) => child.kill(name),
    deafen: () => child.stdout.destroy(),
    printed: (pattern) => matching('stdout', pattern),
    told: (pattern) => matching('stderr', pattern),
    ended,
  };
}
