/** What a process under measure costs: its memory, and how long its event loop was held up. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pass } from 'node:timers/promises';

export interface Memory {
  readonly rss: number;
  readonly heapUsed: number;
  readonly arrayBuffers: number;
}

export interface Peak extends Memory {
  /** The longest that the loop was held up, in milliseconds. */
  readonly blockMs: number;
}

const memory = (): Memory => {
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  return { rss, heapUsed, arrayBuffers };
};

/** When the collector is done: buffers are given back behind it. */
export async function collected(): Promise<Memory> {
  for (let round = 0; round < 4; round++) {
    globalThis.gc?.();
    await pass(30);
  }
  return memory();
}

const resolution = 5;

/** Looks on, until it is asked for the most that it saw. */
export function watching(): () => Peak {
  let peak = memory();
  const look = () => {
    const now = memory();
    const most = (of: keyof Memory) => Math.max(peak[of], now[of]);
    peak = { rss: most('rss'), heapUsed: most('heapUsed'), arrayBuffers: most('arrayBuffers') };
  };
  const delay = monitorEventLoopDelay({ resolution });
  delay.enable();
  const looking = setInterval(look, 20);
  return () => {
    look();
    clearInterval(looking);
    delay.disable();
    return { ...peak, blockMs: Math.max(0, delay.max / 1e6 - resolution) };
  };
}
