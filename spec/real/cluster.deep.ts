import { firstValueFrom, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { forked } from '../helpers/forked.js';
import type { Heard } from './cluster/workers.js';

const wait = (ms: number) => firstValueFrom(timer(ms));

describe('a room over the workers of a real cluster', () => {
  it('gives each member each message once and in order, while workers are killed and the primary pauses', async (test) => {
    const primary = await forked<Heard>(test, 'cluster/workers.ts', [3]);
    const told = async () => {
      const before = primary.said.length;
      primary.tell({ act: 'tell' });
      await wait(150);
      return primary.said.slice(before);
    };
    const settled = () =>
      expect
        .poll(async () => (await told()).map(({ state, present }) => `${state} ${present}`), {
          timeout: 20_000,
        })
        .toEqual(['up 3', 'up 3', 'up 3']);

    await settled();
    for (const act of ['replace', 'stop', 'go', 'replace', 'stop', 'replace', 'go', 'replace']) {
      await wait(300);
      primary.tell({ act });
    }
    await settled();
    // However slow the machine is: each of those who live has something to lose.
    const busy = async () => (await told()).filter(({ sent }) => sent > 100).length;
    await expect.poll(busy, { timeout: 20_000 }).toBe(3);
    primary.tell({ act: 'quiet' });
    const idle = async () => {
      const all = await told();
      // Of each that lives, every other has all that it sent since it came itself; nothing is on its way.
      return all.flatMap(({ id, heard, missed }) =>
        all
          .filter((other) => other.id !== id)
          .map((other) => other.sent - (heard[other.id] ?? 0) - (missed[other.id] ?? 0)),
      );
    };
    await expect.poll(idle, { timeout: 20_000 }).toEqual([0, 0, 0, 0, 0, 0]);
    const all = await told();
    expect(all.flatMap(({ wrong }) => wrong)).toEqual([]);
    console.log(
      JSON.stringify(
        all.map(({ sent, heard, missed }) => [sent, Object.values(heard), Object.values(missed)]),
      ),
    );
  }, 90_000);
});
