import type { Measure } from '../case.js';
import type { Run } from '../measure.js';
import { peers } from '../peers/all.js';
import type { Row } from './results.js';

export const ours = 'rx-tinyproto';
export const limit = 'raw-tuned';

/** What a run found, in the unit of its case: messages a second, microseconds, bytes. */
export function figureOf(run: Run, measure: Measure): number {
  switch (measure) {
    case 'rate':
      return run.messages / run.seconds;
    case 'cpu':
      return run.messages / (run.cpu.server ?? Number.NaN);
    case 'latency':
      return run.latency?.p50 ?? Number.NaN;
    case 'memory':
      return run.bytesEach ?? Number.NaN;
  }
}

export const at99 = (run: Run): number => run.latency?.p99 ?? Number.NaN;

/** Processor seconds per message on the side that works harder: what bounds the rate where nobody else wants the processor. */
export function effort(run: Run): number {
  return Math.max(...Object.values(run.cpu)) / run.messages;
}

/** Of one to another, each round by itself: what disturbs a round disturbs both. */
export interface Ratio {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export function ratio(row: Row, one: string, other: string, value: (run: Run) => number): Ratio {
  const others = row.runs[other] ?? [];
  const each = (row.runs[one] ?? []).flatMap((run, round) => {
    const beside = others[round];
    return beside ? [value(run) / value(beside)] : [];
  });
  return { median: median(each), least: Math.min(...each), most: Math.max(...each) };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? Number.NaN) + upper) / 2;
}

export function medianOf(row: Row, name: string, value: (run: Run) => number): number {
  return median((row.runs[name] ?? []).map(value));
}

/** The best of the other libraries in a case, if any took part. */
export function bestPeer({ case: { measure }, runs }: Row): string | undefined {
  const best = (name: string) => median((runs[name] ?? []).map((run) => figureOf(run, measure)));
  const libraries = Object.keys(runs).filter((name) => isPeer(name) && (runs[name]?.length ?? 0) > 0);
  const order = isMore(measure) ? 1 : -1;
  return libraries.sort((a, b) => order * (best(b) - best(a)))[0];
}

export function isPeer(name: string): boolean {
  const peer = peers[name];
  return peer !== undefined && name !== ours && !peer.byHand;
}

/** Whether more is better. */
export function isMore(measure: Measure): boolean {
  return measure === 'rate' || measure === 'cpu';
}
