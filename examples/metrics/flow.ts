import { broadcast, type Connection, json, lines, serve } from 'rx-tinyproto';
import {
  bufferTime,
  from,
  groupBy,
  ignoreElements,
  map,
  merge,
  mergeMap,
  type Observable,
  type OperatorFunction,
  pipe,
  takeUntil,
  toArray,
} from 'rxjs';
import * as v from 'valibot';
import { asLongAs } from '../as-long-as.js';

/** One measurement. A name has no control characters, and no end. */
const Sample = v.object({
  name: v.pipe(v.string(), v.regex(/^[\w./-]{1,64}$/)),
  value: v.pipe(v.number(), v.finite()),
});
export type Sample = v.InferOutput<typeof Sample>;

/** What was measured under one name in a while. */
export interface Summary {
  readonly name: string;
  readonly count: number;
  readonly min: number;
  readonly mean: number;
  readonly max: number;
  /** 95 of 100 values are not above it. */
  readonly p95: number;
}

/** Those who measure send JSON in lines, as every language can; one that sends anything else is cut off. */
export const sampleOptions = { framing: lines({ maxLineBytes: 1_024 }), codec: json(Sample) };
/** Those who watch are sent JSON in lines, too. */
export const summaryOptions = { framing: lines(), codec: json<Summary>() };

export interface CollectOptions {
  /** How long a while is. @default 1,000 */
  readonly periodMs?: number;
  /** Samples of one while, of all who measure; above it a while ends early, so that memory has a bound. @default 100,000 */
  readonly maxSamples?: number;
}

/**
 * Gathers the samples of all who measure, and sums up each while, name by name.
 *
 *     agent 1    --a1---a3-----------|
 *     agent 2    ---b7-----a2--------|
 *     while      |---------|---------|
 *     summary    ----------(ab)------(a)
 */
export function collect({
  periodMs = 1_000,
  maxSamples = 100_000,
}: CollectOptions = {}): OperatorFunction<Connection<Sample>, Summary> {
  return pipe(
    serve((agent, { stopping$ }) => agent.messages$.pipe(takeUntil(stopping$))),
    bufferTime(periodMs, null, maxSamples),
    mergeMap((samples) => from(samples).pipe(groupBy(({ name }) => name))),
    mergeMap((samples$) => samples$.pipe(toArray(), map(summaryOf))),
  );
}

/** Shows summaries to all who watch: one who is slow misses the oldest. Ends with the summaries. */
export function show(summaries$: Observable<Summary>): OperatorFunction<Connection<Summary>, Summary> {
  return (watchers$) => {
    const watchers = broadcast<Summary>({ onSlow: 'drop-oldest', maxPendingMessages: 1_000 });
    const shown$ = summaries$.pipe(mergeMap((summary) => watchers.send(summary)));
    return watchers$.pipe(
      asLongAs(shown$),
      serve((watcher, { stopping$ }) =>
        merge(watchers.join(watcher), watcher.messages$).pipe(ignoreElements(), takeUntil(stopping$)),
      ),
    );
  };
}

/** Of one name, and at least one. */
function summaryOf(samples: readonly Sample[]): Summary {
  const values = samples.map(({ value }) => value).sort((a, b) => a - b);
  const rank = (part: number) => values[Math.max(0, Math.ceil(part * values.length) - 1)] ?? Number.NaN;
  return {
    name: samples[0]?.name ?? '',
    count: values.length,
    min: rank(0),
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    max: rank(1),
    p95: rank(0.95),
  };
}
