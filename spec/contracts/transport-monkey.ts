import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type End, pattern, type Scene, scene, type TransportCase, until } from './wires.js';

/** Small, seeded, and good enough: mulberry32. */
export function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** One end in the hands of a monkey: it writes a known stream, and remembers how it let go. */
function monkey(end: End, dice: (below: number) => number) {
  const state = { sent: 0, calls: 0, ended: false, destroyed: false, reset: false, left: false };
  const reading = end.read();
  const write = () => {
    const size = [0, 1, 10, 1_000, 20_000, 200_000][dice(6)] as number;
    end.write(pattern(size, state.sent));
    if (!state.ended) state.sent += size;
    state.calls++;
  };
  const finish = () => {
    end.end();
    state.ended = true;
    state.calls++;
  };
  const destroy = (reset: boolean) => {
    end.wire.destroy({ reset });
    state.ended = true;
    state.destroyed = true;
    state.reset ||= reset;
  };
  const leave = () => {
    reading.unsubscribe();
    state.left = true;
  };
  const acts = [
    ...Array.from({ length: 12 }, () => write),
    ...Array.from({ length: 4 }, () => () => end.wire.pause()),
    ...Array.from({ length: 5 }, () => () => end.wire.resume()),
    finish,
    () => destroy(false),
    () => destroy(true),
    leave,
  ];
  return { end, state, act: () => acts[dice(acts.length)]?.(), let: () => end.wire.resume() };
}

type Monkey = ReturnType<typeof monkey>;

/** What holds for one direction, whatever the two did. */
function expectPrefix(from: Monkey, to: Monkey, { resets, halfClose = true }: TransportCase): void {
  const got = to.end.bytes();
  expect(got.byteLength).toBeLessThanOrEqual(from.state.sent);
  expect(Buffer.compare(got, pattern(got.byteLength)), 'a prefix of what was sent').toBe(0);
  expect(to.end.endings.length).toBeLessThanOrEqual(1);
  // Where directions end together, who ends first hears nothing of what the other had yet to say.
  const finSaysAll = (resets || !from.state.reset) && (halfClose || !to.state.ended);
  if (to.end.endings[0] === 'complete' && !to.state.left && finSaysAll)
    expect(got.byteLength, 'all, if FIN came').toBe(from.state.sent);
}

/** Lets two monkeys at the ends of a wire, `runs` times from the seed on. */
export function monkeyContract(of: TransportCase, { seed: first = 0, runs = 300 } = {}): void {
  describe('whatever both ends do', () => {
    let stage: Scene;
    beforeEach(async () => {
      stage = await scene(of);
    });
    afterEach(() => stage.close());

    const run = async (seed: number): Promise<void> => {
      const dice = random(seed);
      const { near, far } = await stage.meet({ unread: 'both' });
      const monkeys = [monkey(near, dice), monkey(far, dice)] as const;
      for (let step = dice(30); step > 0; step--) {
        monkeys[dice(2) as 0 | 1].act();
        if (dice(3) === 0) await (dice(2) === 0 ? Promise.resolve() : new Promise((go) => setImmediate(go)));
      }
      for (const { end } of monkeys) end.wire.resume();
      for (const { end } of monkeys) end.wire.destroy();
      await until(
        () =>
          monkeys.every(({ end, state }) => end.closings.length === 1 && end.settled.length >= state.calls),
        `seed ${seed}: all over`,
        4_000,
      );
      for (const { end, state } of monkeys) {
        expect(
          end.settled.map(({ id }) => id).sort((a, b) => a - b),
          `seed ${seed}: each settles once`,
        ).toEqual(Array.from({ length: state.calls }, (_, id) => id));
      }
      expectPrefix(monkeys[0], monkeys[1], of);
      expectPrefix(monkeys[1], monkeys[0], of);
    };

    it('every write settles once, what arrives is a prefix, and both close', async () => {
      for (let seed = first; seed < first + runs; seed += 30) {
        await Promise.all(Array.from({ length: 30 }, (_, at) => run(seed + at)));
      }
    });
  });
}
