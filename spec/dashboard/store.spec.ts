import { describe, expect, it } from 'vitest';
import type { Batch, Mark } from '../../src/dashboard/batch.js';
import { Store } from '../../src/dashboard/page/store.js';

const counts = { open: 1, in: 0, out: 0, errors: 0 };

function batch(now: number, marks: readonly Mark[], rest: Partial<Batch> = {}): Batch {
  const names = Object.fromEntries(marks.map(({ row }) => [row, `caller ${row}`]));
  return { began: 1, now, names, everybody: false, marks, skipped: 0, counts, ...rest };
}

const mark = (row: number, at: number, kind: Mark['kind'] = 'in'): Mark => ({ row, at, kind });

/** A connection that says something each tenth of a second. */
function talking(store: Store, from: number, to: number, marksEach = 1): void {
  for (let now = from; now <= to; now += 100)
    store.take(
      batch(
        now,
        Array.from({ length: marksEach }, () => mark(0, now)),
      ),
    );
}

const timesOf = (store: Store) => [...store.rows.values()].flatMap(({ marks }) => marks.map(({ at }) => at));

describe('what the page of a dashboard knows', () => {
  it('is the last minute, also where one connection has said nothing for long', () => {
    const store = new Store();
    store.take(batch(100, [mark(1, 50, 'opened')]));
    talking(store, 200, 100_000);
    expect(Math.min(...timesOf(store))).toBeGreaterThan(38_000);
    expect(store.oldest).toBeGreaterThan(38_000);
    expect(store.during({ from: 90_000, to: 100_000 }).map(({ id }) => id)).toEqual([1, 0]);
  });

  it('is bounded in marks as well: of too many, a shorter time is kept', () => {
    const store = new Store(1_000);
    talking(store, 100, 30_000, 20);
    expect(timesOf(store).length).toBeLessThan(1_300);
    expect(store.oldest).toBeGreaterThan(20_000);
  });

  it('keeps what somebody looks at, however long, and lets it go behind that', () => {
    const store = new Store();
    store.take(batch(100, [mark(1, 100, 'opened'), mark(1, 150), mark(1, 160, 'closed')]));
    talking(store, 200, 20_000);
    store.pinned = { from: 0, to: 10_000 };
    talking(store, 20_100, 90_000);
    expect(store.rows.get(1)?.marks).toHaveLength(3);
    expect(
      timesOf(store)
        .filter((at) => at < 28_000)
        .every((at) => at <= 10_000),
    ).toBe(true);
    expect(store.during(store.pinned)).toHaveLength(2);
    store.pinned = undefined;
    talking(store, 90_100, 92_000);
    expect(store.rows.has(1)).toBe(false);
  });

  it('is not doubled by what is told again to who was away', () => {
    const store = new Store();
    const told = [batch(100, [mark(0, 50)]), batch(200, [mark(0, 150)])];
    for (const each of [...told, ...told, batch(300, [mark(0, 250)])]) store.take(each);
    expect(timesOf(store)).toEqual([50, 150, 250]);
  });

  it('begins anew with another server', () => {
    const store = new Store();
    store.take(batch(50_000, [mark(7, 49_000)]));
    store.take(batch(100, [mark(0, 50)], { began: 2 }));
    expect([...store.rows.keys()]).toEqual([0]);
    expect(store.oldest).toBe(50);
  });

  it('closes who is not among all that are open any more, though nobody has told', () => {
    const store = new Store();
    store.take(batch(100, [mark(0, 50, 'opened'), mark(1, 60, 'opened')]));
    store.take(batch(200, [], { everybody: true, names: { 1: 'caller 1' } }));
    expect([...store.rows.values()].map(({ over }) => over)).toEqual([200, undefined]);
  });
});
