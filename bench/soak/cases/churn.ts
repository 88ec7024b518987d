import { atMost, type Case, type Extent, exactly, type Finding, inKiB, inS } from '../report.js';
import type { Kind } from '../server.js';
import { onStage } from '../stage.js';

interface Measured {
  readonly came: number;
  readonly ms: number;
  /** Bytes of heap that each connection leaves behind: the slope of a line through what there was after each round. */
  readonly slope: number;
  readonly clean: readonly Finding[];
}

const slopeOf = (points: readonly (readonly [x: number, y: number])[]): number => {
  const mean = (of: (point: readonly [number, number]) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean(([at]) => at), mean(([, at]) => at)];
  return mean(([at, value]) => (at - x) * (value - y)) / mean(([at]) => (at - x) ** 2);
};

function measured(kind: Kind, rounds: number, each: number, leftMs: () => number): Promise<Measured> {
  return onStage({ kind }, async ({ server, to, peers, has, clean }) => {
    const side = await peers();
    // Caches of the compiler and of RxJS fill up first.
    await side.churn({ ...to, count: each, atOnce: 50 });
    const began = performance.now();
    const points: [number, number][] = [];
    for (let round = 1; round <= rounds && leftMs() > 0; round++) {
      await side.churn({ ...to, count: each, atOnce: 50 });
      await has(0);
      points.push([round * each, (await server.collected()).heapUsed]);
    }
    const { accepted } = await server.counts();
    return {
      came: accepted - each,
      ms: performance.now() - began,
      slope: slopeOf(points),
      clean: await clean(),
    };
  });
}

async function run({ long, leftMs }: Extent): Promise<readonly Finding[]> {
  const rounds = 20;
  const each = (long ? 1_000_000 : 50_000) / rounds;
  const floor = await measured('bare', rounds, 2_500, leftMs);
  const ours = await measured('tinyproto', rounds, each, leftMs);
  const inBytes = (bytes: number) => `${bytes.toFixed(1)} bytes`;
  return [
    exactly('connections that came and went', ours.came, rounds * each),
    { what: 'in', ours: inS(ours.ms), floor: `${inS(floor.ms)} for ${floor.came}` },
    atMost('heap that each leaves behind', ours.slope, 8, inBytes, floor.slope),
    { what: 'over all of them', ours: inKiB(ours.slope * ours.came), floor: inKiB(floor.slope * floor.came) },
    ...ours.clean,
  ];
}

export const churn: Case = {
  name: 'churn',
  title: 'Connect, echo, close',
  about:
    'One connection after the other, 50 at a time: 50,000, or with `--long` a million. What is left of each is the slope of the heap.',
  run,
};
