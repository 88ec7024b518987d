/** Bad peers, and good ones beside them whose waits are measured: without the bad ones, while those come, while they are there, while they are cut. All of it on one server. */
import { setTimeout as pass } from 'node:timers/promises';
import type { Remote } from './calls.js';
import type { Badness } from './peers.js';
import { atMost, type Extent, exactly, type Finding, inMiB, inMs, inS } from './report.js';
import type { Kind, Listening, ServerCalls } from './server.js';
import { onStage } from './stage.js';
import { clock, during, type Latency, type Phase, three } from './waits.js';
import type { Memory, Peak } from './watch.js';

export interface Bad {
  readonly how: Badness;
  readonly count: number;
  readonly kind: Kind;
  /** What they announce, where they do. */
  readonly size: number;
  /** When the server must have cut each, counted from its deed; absent where it need not. */
  readonly cutWithinMs?: number;
  readonly options?: Omit<Listening, 'kind'>;
}

export interface Beside {
  readonly alone: Latency;
  readonly coming: Latency;
  readonly there: Latency;
  /** NaN where they are not cut. */
  readonly leaving: Latency;
  readonly before: Memory;
  readonly peak: Peak;
  /** How many were cut, and how long the last of them was let since its deed. */
  readonly cut: { readonly count: number; readonly last: number };
  /** Of those that never read: how long one was let when the road took no more for it. */
  readonly longestStallMs: number;
  /** What they were sent. */
  readonly flooded: number;
  readonly failures: Readonly<Record<string, number>>;
  readonly clean: readonly Finding[];
}

const good = 50;
const warmUpMs = 3_000;
const aloneMs = 5_000;
const comeWithinMs = 2_000;
/** The longest that it waits for the server to cut them all, beyond their time. */
const patienceMs = 20_000;

export function beside({ how, count, size, kind, cutWithinMs, options }: Bad): Promise<Beside> {
  return onStage({ kind, watches: true, ...options }, async ({ server, to, peers, clean }) => {
    const [healthy, bad] = [await peers(), await peers()];
    await healthy.probe({ ...to, count: good });
    await pass(warmUpMs);
    // Looked at as they are later: that costs, too.
    const alone = await phase(() => firstCut(server, aloneMs));
    const before = await server.collected();
    await server.watch();
    const coming = await phase(async () => {
      await bad.misbehave({ ...to, how, count, size, withinMs: comeWithinMs });
      await isFull(server);
    });
    const there = await phase(() => firstCut(server, cutWithinMs ?? aloneMs));
    // Who does not read hears little of its end.
    const cuts = how === 'never-reads' ? server.stalls : bad.cuts;
    const leaving = await phase(() => (cutWithinMs ? lastCut(cuts, count, cutWithinMs) : pass(0)));
    const cut = await cuts();
    const peak = await server.watched();
    await bad.cutAll();
    const waits = await healthy.probed();
    const { failures, flooded } = await server.counts();
    return {
      alone: during(waits, alone),
      coming: during(waits, coming),
      there: during(waits, there),
      leaving: during(waits, leaving),
      before,
      peak,
      cut,
      longestStallMs: (await server.stalls()).longest,
      flooded,
      failures,
      clean: await clean(),
    };
  });
}

async function phase(act: () => Promise<unknown>): Promise<Phase> {
  const from = clock();
  await act();
  return { from, to: clock() };
}

/** When the road takes no more for those that are flooded. */
async function isFull(server: Remote<ServerCalls>): Promise<void> {
  for (let before = -1, looks = 0; looks < 50; looks++) {
    const { flooded } = await server.counts();
    if (flooded === before) return;
    before = flooded;
    await pass(200);
  }
}

async function firstCut(server: Remote<ServerCalls>, withinMs: number): Promise<void> {
  const until = clock() + withinMs;
  while (clock() < until && Object.keys((await server.counts()).failures).length === 0) await pass(20);
}

async function lastCut(cuts: () => Promise<Beside['cut']>, count: number, withinMs: number): Promise<void> {
  const until = clock() + withinMs + patienceMs;
  while (clock() < until && (await cuts()).count < count) await pass(50);
}

/** What the good ones notice, and what they would of bare sockets. */
export function latencies(ours: Beside, floor?: Beside): readonly Finding[] {
  const row = (what: string, of: 'alone' | 'coming' | 'there' | 'leaving'): Finding => ({
    what,
    ours: three(ours[of]),
    ...(floor && { floor: three(floor[of]) }),
  });
  return [
    row('good peers alone: half of their waits, 99 %, the longest', 'alone'),
    row('while the bad ones come', 'coming'),
    row('while they are there', 'there'),
    ...(Number.isNaN(ours.leaving.p50) ? [] : [row('while they are cut', 'leaving')]),
  ];
}

/**
 * That the good ones hardly notice: they wait a quarter longer at most, or a millisecond, where that is more. Two pauses of the collector in so short a time are 99 %, so there
 * are further rounds, and the medians count.
 */
export async function unhurt(bad: Bad, first: Beside, { rounds }: Extent): Promise<readonly Finding[]> {
  const all = [first];
  while (all.length < rounds) all.push(await beside(bad));
  const alone = median(all.map((round) => round.alone.p99));
  const there = median(all.map((round) => round.there.p99));
  return [
    { what: `99 % of the waits alone, median of ${rounds} rounds`, ours: inMs(alone) },
    atMost('the same while they are there', there, Math.max(1.25 * alone, alone + 1), inMs),
    ...all.flatMap(({ clean }) => clean),
  ];
}

const median = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** That all were cut, and when. */
export function cutAll({ cut, failures }: Beside, { count, cutWithinMs = 0 }: Bad): readonly Finding[] {
  return [
    exactly('bad peers that were cut', cut.count, count),
    atMost('the last of them', cut.last, cutWithinMs, inS),
    why(failures),
  ];
}

export const why = (failures: Beside['failures']): Finding => ({
  what: 'why',
  ours: Object.entries(failures)
    .map(([code, times]) => `${code} ${times}`)
    .join(', '),
});

export const grown = ({ before, peak }: Beside, most: number): Finding =>
  atMost('array buffers grown', peak.arrayBuffers - before.arrayBuffers, most, inMiB);
