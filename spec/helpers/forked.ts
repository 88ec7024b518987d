import { fork } from 'node:child_process';
import { expect, type TestContext } from 'vitest';
import { builtOnce } from './node-process.js';

/** A program of `spec/real` in a process of its own, which tells and is told. It does not outlive the test. */
export interface Forked<Word extends object> {
  /** All that it has said so far. */
  readonly said: readonly Word[];
  /** The last word that has this. */
  last<Key extends keyof Word>(key: Key): Word[Key] | undefined;
  /** The whole of that word. */
  lastWord(key: keyof Word): Word | undefined;
  /** Waits for a word that has this, the first behind all that is said now. */
  next<Key extends keyof Word>(key: Key, timeoutMs?: number): Promise<NonNullable<Word[Key]>>;
  /** Waits for a word that has this, also one that was said. */
  any<Key extends keyof Word>(key: Key, timeoutMs?: number): Promise<NonNullable<Word[Key]>>;
  tell(word: object): void;
  /** Stops its clock: it does nothing, and knows nothing of it. */
  freeze(): void;
  thaw(): void;
  /** Ends it at once, as a crash does; resolves when it is gone. */
  kill(): Promise<void>;
}

export async function forked<Word extends object>(
  { onTestFinished }: Pick<TestContext, 'onTestFinished'>,
  program: string,
  args: readonly (string | number)[],
): Promise<Forked<Word>> {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const child = fork(await builtOnce(program), args.map(String), { env, execArgv: [] });
  const said: Word[] = [];
  child.on('message', (word: Word) => said.push(word));
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const kill = () => {
    child.kill('SIGKILL');
    return gone;
  };
  onTestFinished(kill);

  const has = (key: keyof Word) => (word: Word) => word[key] !== undefined;
  const lastWord = (key: keyof Word) => [...said].reverse().find(has(key));
  const wait = async <Key extends keyof Word>(key: Key, start: number, timeoutMs = 20_000) => {
    await expect
      .poll(() => said.slice(start).some(has(key)), { timeout: timeoutMs, interval: 10 })
      .toBe(true);
    return said.slice(start).find(has(key))?.[key] as NonNullable<Word[Key]>;
  };

  return {
    said,
    last: (key) => lastWord(key)?.[key],
    lastWord,
    next: (key, timeoutMs) => wait(key, said.length, timeoutMs),
    any: (key, timeoutMs) => wait(key, 0, timeoutMs),
    tell: (word) => void child.send(word),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    kill,
  };
}
