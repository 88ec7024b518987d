import { atMost, type Case, type Extent, exactly, type Finding, inKiB, inS } from '../report.js';
import type { Kind } from '../server.js';
import { onStage } from '../stage.js';

const rounds = 40;
const warmUp = 10_000;

interface Measured {
  readonly came: number;
  readonly ms: number;
  /** Bytes of heap that each connection leaves behind: the slope of a line through what there was after each round. */
  readonly slope: number;
  readonly clean: readonly Finding[];
}

/** The median of the slopes between any two points (Theil and Sen): a round in which a cache fills up does not tilt it. */
function slopeOf(points: readonly (readonly [x: number, y: number])[]): number {
  const slopes = points.flatMap(([x, y], index) =>
    points.slice(index + 1).map(([furtherX, furtherY]) => (furtherY - y) / (furtherX - x)),
  );
  slopes.sort((one, other) => one - other);
  return slopes[slopes.length >> 1] ?? 0;
}

function measured(kind: Kind, each: number, leftMs: () => number): Promise<Measured> {
  return onStage({ kind }, async ({ server, to, peers, has, clean }) => {
    const side = await peers();
    // The caches of the compiler fill up first.
    await side.churn({ ...to, count: warmUp, atOnce: 50 });
    const began = performance.now();
    const points: [number, number][] = [];
    for (let round = 1; round <= rounds && leftMs() > 0; round++) {
      await side.churn({ ...to, count: each, atOnce: 50 });
      await has(0);
      points.push([round * each, (await server.collected()).heapUsed]);
    }
    const { accepted } = await server.counts();
    return {
      came: accepted - warmUp,
      ms: performance.now() - began,
      slope: slopeOf(points),
      clean: await clean(),
    };
  });
}

async function run({ long, leftMs }: Extent): Promise<readonly Finding[]> {
  const each = (long ? 1_000_000 : 50_000) / rounds;
  const floor = await measured('bare', 50_000 / rounds, leftMs);
  const ours = await measured('tinyproto', each, leftMs);
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
