/** Bad peers, and good ones beside them whose waits are measured: first without the bad ones, then with them, on one server. */
import { setTimeout as pass } from 'node:timers/promises';
import type { Badness, Latency, To } from './peers.js';
import { atMost, exactly, type Finding, inMiB, inMs, inS } from './report.js';
import type { Kind, Listening } from './server.js';
import { onStage } from './stage.js';
import type { Memory, Peak } from './watch.js';

export interface Bad {
  readonly how: Badness;
  readonly count: number;
  readonly kind: Exclude<Kind, 'bare'>;
  /** What they announce, where they do. */
  readonly size: number;
  /** When the server must have cut them all; absent where it need not. */
  readonly cutWithinMs?: number;
  readonly options?: Omit<Listening, 'kind'>;
}

export interface Beside {
  readonly alone: Latency;
  readonly beside: Latency;
  readonly before: Memory;
  readonly peak: Peak;
  readonly cut: { readonly count: number; readonly last: number };
  readonly failures: Readonly<Record<string, number>>;
  readonly clean: readonly Finding[];
}

const good = 50;
const seconds = 5;

export function beside({ how, count, size, kind, cutWithinMs, options }: Bad): Promise<Beside> {
  return onStage({ kind, ...options }, async ({ server, to, peers, clean }) => {
    const [healthy, bad] = [await peers(), await peers()];
    const probe = (of: To, during: number) => healthy.probe({ ...of, seconds: during, count: good });
    await probe(to, 3);
    const alone = await probe(to, seconds);
    const before = await server.collected();
    await server.watch();
    const probing = probe(to, Math.max(seconds, (cutWithinMs ?? 0) / 1_000 + 2));
    await pass(200);
    await bad.misbehave({ ...to, how, count, size });
    const latency = await probing;
    // Those that come late are still counted, and too late.
    for (let waits = 0; cutWithinMs && waits < 40 && (await bad.cuts()).count < count; waits++)
      await pass(500);
    const cut = await bad.cuts();
    const peak = await server.watched();
    await bad.cutAll();
    const { failures } = await server.counts();
    return { alone, beside: latency, before, peak, cut, failures, clean: await clean() };
  });
}

/** What the good ones notice. */
export function latencies({ alone, beside }: Beside): readonly Finding[] {
  return [
    { what: 'good peers alone: half of their waits, 99 %, the longest', ours: three(alone) },
    { what: 'beside the bad ones', ours: three(beside) },
    atMost('99 % of the waits, beside them', beside.p99, Math.max(1.25 * alone.p99, alone.p99 + 1), inMs),
  ];
}

const three = ({ p50, p99, most }: Latency) => `${inMs(p50)}, ${inMs(p99)}, ${inMs(most)}`;

/** That all were cut, and when. */
export function cutAll({ cut, failures }: Beside, { count, cutWithinMs = 0 }: Bad): readonly Finding[] {
  return [
    exactly('bad peers that were cut', cut.count, count),
    atMost('the last of them', cut.last, cutWithinMs, inS),
    {
      what: 'why',
      ours: Object.entries(failures)
        .map(([code, times]) => `${code} ${times}`)
        .join(', '),
    },
  ];
}

export const grown = ({ before, peak }: Beside, most: number): Finding =>
  atMost('array buffers grown', peak.arrayBuffers - before.arrayBuffers, most, inMiB);
