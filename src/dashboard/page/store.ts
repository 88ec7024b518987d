import type { Batch, Counts, Mark } from '../batch.js';

/** A connection, and what happened on it. */
export interface Row {
  readonly id: number;
  name: string;
  readonly marks: Mark[];
  /** When it closed, and whether in error. */
  over?: number;
  failed?: boolean;
}

/** So much is kept: beyond it, the oldest goes. */
const keptMs = 60_000;
const keptOfRow = 5_000;

/** What the page knows, and what has passed in the last second. */
export class Store {
  readonly rows = new Map<number, Row>();
  counts: Counts = { open: 0, in: 0, out: 0, errors: 0 };
  skipped = 0;
  latest = 0;
  #past: { readonly at: number; readonly counts: Counts; readonly skipped: number }[] = [];

  take({ now, names, marks, skipped, counts }: Batch): void {
    // The server was started anew: what was before has another clock.
    if (now < this.latest) this.#forget();
    this.latest = now;
    this.counts = counts;
    this.skipped += skipped;
    for (const [id, name] of Object.entries(names)) this.#row(Number(id)).name = name;
    for (const mark of marks) this.#note(mark);
    this.#past.push({ at: now, counts, skipped });
    while ((this.#past[0]?.at ?? now) < now - 1_000) this.#past.shift();
    this.#trim(now - keptMs);
  }

  /** Per second, over the last one. */
  get rates(): { readonly in: number; readonly out: number; readonly skipped: number } {
    const first = this.#past[0];
    if (!first || first.at === this.latest) return { in: 0, out: 0, skipped: 0 };
    const seconds = (this.latest - first.at) / 1_000;
    const rate = (before: number, now: number) => Math.round((now - before) / seconds);
    const skipped = this.#past.slice(1).reduce((sum, each) => sum + each.skipped, 0);
    return {
      in: rate(first.counts.in, this.counts.in),
      out: rate(first.counts.out, this.counts.out),
      skipped: rate(0, skipped),
    };
  }

  /** The first moment of which anything is known. */
  get oldest(): number {
    let oldest = this.latest;
    for (const { marks } of this.rows.values()) oldest = Math.min(oldest, marks[0]?.at ?? oldest);
    return oldest;
  }

  #row(id: number): Row {
    const row = this.rows.get(id) ?? { id, name: `connection ${id + 1}`, marks: [] };
    this.rows.set(id, row);
    return row;
  }

  #note(mark: Mark): void {
    const row = this.#row(mark.row);
    row.marks.push(mark);
    if (row.marks.length > keptOfRow) row.marks.splice(0, keptOfRow / 10);
    if (mark.kind === 'closed') row.over = mark.at;
    if (mark.kind === 'error') Object.assign(row, { over: row.over ?? mark.at, failed: true });
  }

  #trim(before: number): void {
    for (const row of this.rows.values()) {
      const old = row.marks.findIndex(({ at }) => at >= before);
      if (row.over !== undefined && row.over < before) this.rows.delete(row.id);
      else if (old > 500) row.marks.splice(0, old);
    }
  }

  #forget(): void {
    this.rows.clear();
    this.#past = [];
    this.skipped = 0;
  }
}
