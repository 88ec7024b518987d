import { performance } from 'node:perf_hooks';

/** What one process saw between two moments. */
export interface Reading {
  readonly messages: number;
  readonly seconds: number;
  /** What a connection takes of the memory, where that is the question. */
  readonly bytesEach?: number;
  /** Of all round trips, in microseconds, where they were timed. */
  readonly latency?: { readonly p50: number; readonly p99: number };
}

/** Counts what comes, and times it where one message is under way at a time. */
export class Meter {
  #messages = 0;
  #last = 0;
  #latencies: number[] | undefined;

  get messages(): number {
    return this.#messages;
  }

  /** To be called with each message. */
  readonly count = (): void => {
    this.#messages++;
  };

  /** The same, and takes the time since the last one. */
  readonly time = (): void => {
    const now = performance.now();
    this.#latencies?.push(now - this.#last);
    this.#last = now;
    this.count();
  };

  /** Starts to measure; the function returned ends it. */
  measure(): () => Reading {
    const messages = this.#messages;
    const began = performance.now();
    this.#latencies = [];
    return () => {
      const seconds = (performance.now() - began) / 1_000;
      const latency = percentiles(this.#latencies ?? []);
      return { messages: this.#messages - messages, seconds, ...(latency && { latency }) };
    };
  }
}

function percentiles(latencies: readonly number[]): Reading['latency'] {
  if (latencies.length === 0) return undefined;
  const sorted = Float64Array.from(latencies).sort();
  const at = (part: number) => 1_000 * (sorted[Math.floor(part * (sorted.length - 1))] as number);
  return { p50: at(0.5), p99: at(0.99) };
}
