import { atMost, type Case, type Extent, exactly, type Finding, inKiB, inMs, inS } from '../report.js';
import { onStage } from '../stage.js';

const count = 100_000;

async function run(_: Extent): Promise<readonly Finding[]> {
  return onStage({ kind: 'tinyproto' }, async ({ server, to, peers, has, clean }) => {
    const side = await peers();
    const seed = Math.floor(Math.random() * 2 ** 31);
    await side.resets({ ...to, count: count / 10, atOnce: 100, seed });
    await has(0);
    const before = await server.collected();
    const began = performance.now();
    await side.resets({ ...to, count, atOnce: 100, seed: seed + 1 });
    const ms = performance.now() - began;
    await has(0);
    const after = await server.collected();
    const { failures } = await server.counts();
    const codes = Object.keys(failures).filter(
      (code) => !['reset', 'cut-short', 'connection-closed'].includes(code),
    );
    const opening = await side.open({ ...to, count: 5 });
    const freshMs = opening + (await side.echoAll(to));
    await side.cutAll();
    return [
      { what: 'resets in', ours: `${inS(ms)}, seed ${seed}` },
      exactly('codes but `reset`, `cut-short` and `connection-closed`', codes.join(', ') || 'none', 'none'),
      atMost('heap grown', after.heapUsed - before.heapUsed, 1 << 20, inKiB),
      atMost('fresh peers are answered in', freshMs, 5_000, inMs),
      ...(await clean()),
    ];
  });
}

export const resets: Case = {
  name: 'resets',
  title: '100,000 resets',
  about: 'Each says a conversation up to a random byte, waits for a random moment, and resets.',
  run,
};
