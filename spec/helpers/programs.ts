import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** The repository, where commands run. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/** What a program has said when it has ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that runs. */
export interface Running {
  /** Types, or pipes in. */
  say(text: string): void;
  /** Nothing more will be typed. */
  end(): void;
  signal(name: NodeJS.Signals): void;
  /** The first line printed that matches. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
  readonly ended: Promise<Ended>;
}

/** Runs a command in a group of its own, which does not outlive the test. */
export function run(command: string, ...words: readonly string[]): Running {
  const env = { ...process.env, npm_config_loglevel: 'silent' };
  const child = spawn(command, words, { cwd: root, env, detached: true });
  const said = { stdout: '', stderr: '' };
  const watchers = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
      for (const look of watchers) look();
    });
  }
  child.stdin.on('error', () => {}); // it may have ended without reading all we said
  const signal = (name: NodeJS.Signals) => child.pid && process.kill(-child.pid, name);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...said }));
  });
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) signal('SIGKILL');
    await ended;
  });

  return {
    say: (text) => child.stdin.write(text),
    end: () => child.stdin.end(),
    signal,
    printed: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(said.stdout);
          if (found) resolve(found);
        };
        watchers.add(look);
        look();
        ended.then(() => reject(new Error(`ended without ${pattern}: ${JSON.stringify(said)}`)));
      }),
    ended,
  };
}
