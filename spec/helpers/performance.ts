import { fileURLToPath } from 'node:url';
import { sideScript } from '../../bench/build.js';
import { cases } from '../../bench/cases.js';
import { type Contender, measure, type Run } from '../../bench/measure.js';
import type { Task } from '../../bench/peer.js';
import { effort, median } from '../../bench/report/figures.js';
import { nodeProcess } from './node-process.js';

/** Per message, both sides together. */
export interface Allocations {
  /** Bytes of objects. */
  readonly heap: number;
  /** Bytes of buffers. */
  readonly buffers: number;
  /** Times that something was handed to the kernel. */
  readonly writes: number;
}

type Test = Parameters<typeof nodeProcess>[0];

const roles = { oneWay: ['sink', 'source'], echo: ['echoServer', 'echoClient'] } as const;
const plain: Task = { wire: 'lengthPrefixed', size: 64, window: 1, sending: 'stream', connections: 1 };

/** Counts what messages cost, over `rounds` rounds of `messages` of them, behind one that warms up. */
export async function allocations(
  test: Test,
  kind: keyof typeof roles,
  task: Partial<Task>,
  { messages = 50_000, rounds = 10, by = 'rx-tinyproto' } = {},
): Promise<Allocations> {
  const words = [by, ...roles[kind], JSON.stringify({ ...plain, ...task }), `${messages}`, `${rounds}`];
  const flags = ['--expose-gc', '--min-semi-space-size=1024', '--max-semi-space-size=1024'];
  const ended = await nodeProcess(test, 'process/allocations.ts', words, { flags, withinMs: 60_000 });
  if (ended.code !== 0) throw new Error(ended.stderr);
  const { collected, ...counted } = JSON.parse(ended.stdout) as Allocations & { readonly collected: number };
  // What was collected on the way would be missing.
  if (collected > 0)
    throw new Error(`The collector ran ${collected} times: these are too many messages for a round`);
  return counted;
}

/** The rate of this library as a part of the hand-written loop's, by the processor time of the busier side where that can be known: the median of rounds in turn. */
export async function besideTheLoopByHand(name: string, rounds: number): Promise<number> {
  const what = cases.find((each) => each.name === name);
  if (what === undefined) throw new Error(`There is no case ${name}`);
  const script = await built();
  const contender = (peer: string): Contender => ({ name: peer, peer, script, node: process.execPath });
  const conditions = { warmUpMs: 200, measureMs: 300, flags: () => [] };
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const ours = await measure(what, contender('rx-tinyproto'), conditions);
    const byHand = await measure(what, contender('raw-tuned'), conditions);
    ratios.push(costOf(byHand) / costOf(ours));
  }
  return median(ratios);
}

const costOf = (run: Run): number => effort(run) || run.seconds / run.messages;

let script: Promise<string> | undefined;

/** Around the sources, not around `dist`, which other specs make at the same time. */
function built(): Promise<string> {
  const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
  script ??= sideScript(at('bench'), at('.cache/spec/bench'), { path: at('src/index.ts') });
  return script;
}
