import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { TestContext } from 'vitest';

/** How a program ended. `code` is null if it had to be killed. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** How long it lived on after the last word that it said. */
  readonly lingeredMs: number;
}

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Programs that are built, and where. */
const built = new Map<string, Promise<string>>();

/** Runs a program of `spec/real` in a Node of its own, which has to end by itself in time. It does not outlive the test. */
export async function nodeProcess(
  { onTestFinished }: Pick<TestContext, 'onTestFinished'>,
  program: string,
  args: readonly string[],
  { flags = [], withinMs = 15_000 }: { readonly flags?: readonly string[]; readonly withinMs?: number } = {},
): Promise<Ended> {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const path = await builtOnce(program);
  const child = spawn(process.execPath, [...flags, path, ...args], {
    cwd: root,
    env,
    timeout: withinMs,
    killSignal: 'SIGKILL',
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let stdout = '';
  let stderr = '';
  let saidAt = performance.now();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    saidAt = performance.now();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr, lingeredMs: performance.now() - saidAt }));
  });
}

/** The path of a program of `spec/real`, built. */
export function builtOnce(program: string): Promise<string> {
  const known = built.get(program) ?? buildProgram(program);
  built.set(program, known);
  return known;
}

/** As plain JavaScript: what runs TypeScript as it is also names every closure, which costs memory and time that would be measured. */
async function buildProgram(program: string): Promise<string> {
  const outfile = `${root}.cache/spec/${program.replaceAll('/', '-').replace(/\.ts$/, '.mjs')}`;
  await build({
    entryPoints: [`${root}spec/real/${program}`],
    outfile,
    tsconfig: `${root}tsconfig.json`,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['rxjs', '@nats-io/*'],
    sourcemap: 'inline',
    logLevel: 'silent',
  });
  return outfile;
}
