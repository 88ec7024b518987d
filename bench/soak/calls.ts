/** Calls from the process that leads a run to those that it has forked, and their answers: one word each way over the pipe between them. */
import { type ChildProcess, fork } from 'node:child_process';

/** What a forked process can be asked. */
export type Calls = Readonly<Record<string, (arg: never) => unknown>>;

/** The same, from outside. */
export type Remote<C extends Calls> = {
  readonly [Name in keyof C]: (
    ...arg: Parameters<C[Name]> extends [infer Arg] ? [arg: Arg] : []
  ) => Promise<Awaited<ReturnType<C[Name]>>>;
} & { readonly quit: () => Promise<void> };

interface Asked {
  readonly id: number;
  readonly name: string;
  readonly arg: unknown;
}

interface Answered {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** In the forked process: answers until the leader has gone. */
export function answer(calls: Calls): void {
  process.on('message', async ({ id, name, arg }: Asked) => {
    try {
      process.send?.({ id, result: await calls[name]?.(arg as never) } satisfies Answered);
    } catch (error) {
      process.send?.({ id, error: String(error) } satisfies Answered);
    }
  });
  process.on('disconnect', () => process.exit());
}

/** In the leader: starts a process of plain Node, whose collector can be called. */
export function forked<C extends Calls>(script: string): Remote<C> {
  const child = fork(script, { execArgv: ['--expose-gc'], serialization: 'advanced' });
  const waiting = new Map<number, (answer: Answered) => void>();
  let count = 0;
  child.on('message', (answer: Answered) => waiting.get(answer.id)?.(answer));
  child.on('exit', (code, signal) => {
    for (const settle of waiting.values())
      settle({ id: 0, error: `the process ended with ${signal ?? code}` });
  });
  const call = (name: string, arg: unknown) =>
    new Promise((resolve, reject) => {
      const id = count++;
      waiting.set(id, ({ result, error }) => {
        waiting.delete(id);
        if (error === undefined) resolve(result);
        else reject(new Error(`${name}: ${error}`));
      });
      child.send({ id, name, arg } satisfies Asked);
    });
  const quit = () => ended(child);
  return new Proxy({} as Remote<C>, {
    get(_, name: string) {
      if (name === 'quit') return quit;
      // Not to be taken for a promise when an async function returns it.
      if (name === 'then') return undefined;
      return (arg: unknown) => call(name, arg);
    },
  });
}

async function ended(child: ChildProcess): Promise<void> {
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGKILL');
  await gone;
}
