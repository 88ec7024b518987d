import { setTimeout as pass } from 'node:timers/promises';
import { atMost, type Case, type Extent, exactly, type Finding, inKiB, inMs, inS } from '../report.js';
import type { Kind } from '../server.js';
import { onStage } from '../stage.js';

const half = 5_000;
const idleMs = 6_000;

interface Measured {
  readonly opened: number;
  readonly openMs: number;
  readonly rssEach: number;
  readonly heapEach: number;
  readonly messagesMs: number;
  readonly cutMs: number;
  readonly stopMs: number;
  readonly clean: readonly Finding[];
}

function measured(kind: Kind): Promise<Measured> {
  return onStage({ kind }, async ({ server, to, peers, has, clean }) => {
    const sides = [await peers(), await peers()];
    const openAll = async () => {
      const began = performance.now();
      await Promise.all(sides.map((side) => side.open({ ...to, count: half })));
      await has(2 * half);
      return performance.now() - began;
    };
    const timed = async (act: () => Promise<unknown>) => {
      const began = performance.now();
      await act();
      return performance.now() - began;
    };
    // What the first connections bring with them, such as code and the engine's room for what is young, is not theirs.
    await sides[0]?.open({ ...to, count: 1_000 });
    await sides[0]?.cutAll();
    await has(0);
    const before = await server.collected();
    const openMs = await openAll();
    // Until the deadlines of their openings have passed: from there on nothing is waited for.
    await pass(idleMs);
    const { open } = await server.counts();
    const idle = await server.collected();
    const messagesMs = await timed(() => Promise.all(sides.map((side) => side.echoAll(to))));
    const cutMs = await timed(async () => {
      await Promise.all(sides.map((side) => side.cutAll()));
      await has(0);
    });
    await openAll();
    const endings = sides.map((side) => side.endedAll());
    const stopMs = await server.stop();
    await Promise.all(endings);
    return {
      opened: open,
      openMs,
      rssEach: (idle.rss - before.rss) / open,
      heapEach: (idle.heapUsed - before.heapUsed) / open,
      messagesMs,
      cutMs,
      stopMs,
      clean: await clean(),
    };
  });
}

async function run(_: Extent): Promise<readonly Finding[]> {
  const floor = await measured('bare');
  const ours = await measured('tinyproto');
  return [
    exactly('connections open at once', ours.opened, 2 * half),
    atMost('opened in', ours.openMs, 5_000, inS, floor.openMs),
    atMost('resident memory for each, idle', ours.rssEach, 12 * 1_024, inKiB, floor.rssEach),
    { what: 'of it heap', ours: inKiB(ours.heapEach), floor: inKiB(floor.heapEach) },
    { what: 'one message each, and its echo', ours: inMs(ours.messagesMs), floor: inMs(floor.messagesMs) },
    { what: 'all reset at once, and forgotten', ours: inMs(ours.cutMs), floor: inMs(floor.cutMs) },
    atMost('stopped in order in', ours.stopMs, 5_000, inS, floor.stopMs),
    ...ours.clean,
  ];
}

export const idle: Case = {
  name: 'idle',
  title: '10,000 connections',
  about:
    'Open, idle for six seconds, one message each, all reset at once; opened again, and stopped in order.',
  run,
};
