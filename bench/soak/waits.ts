/** What good peers notice: how long they wait for their answers, from one moment to another. */
import type { Waits } from './peers.js';
import { inMs } from './report.js';

/** A span of time, in milliseconds since 1970. */
export interface Phase {
  readonly from: number;
  readonly to: number;
}

export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
}

export const clock = (): number => performance.timeOrigin + performance.now();

/** Of the answers that came in a phase. */
export function during(waits: Waits, { from, to }: Phase): Latency {
  const took: number[] = [];
  for (let index = 0; index < waits.length; index += 2) {
    const at = waits[index] as number;
    if (at >= from && at < to) took.push(waits[index + 1] as number);
  }
  took.sort((a, b) => a - b);
  const at = (part: number) => took[Math.min(took.length - 1, Math.floor(part * took.length))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), most: at(1) };
}

/** Half of the waits, 99 %, the longest. */
export const three = ({ p50, p99, most }: Latency): string =>
  Number.isNaN(p50) ? 'no time' : `${inMs(p50)}, ${inMs(p99)}, ${inMs(most)}`;
