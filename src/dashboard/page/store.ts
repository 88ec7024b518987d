import type { Batch, Counts, Mark } from '../batch.js';

/** A connection, and what happened on it. */
export interface Row {
  readonly id: number;
  name: string;
  marks: Mark[];
  /** When it opened, as far as that is known. */
  since?: number;
  /** When it closed, and whether in error. */
  over?: number;
  failed?: boolean;
}

/** A part of time. */
export interface View {
  readonly from: number;
  readonly to: number;
}

/** So much is kept, beyond it the oldest goes. */
const keptMs = 60_000;
/** So often is looked what has to go. */
const trimMs = 1_000;

/** What the page knows, and what has passed in the last second. */
export class Store {
  readonly rows = new Map<number, Row>();
  counts: Counts = { open: 0, in: 0, out: 0, errors: 0 };
  latest = 0;
  /** The first moment of which everything is known that was told. */
  oldest = 0;
  /** Kept, however long ago it is: somebody looks at it. */
  pinned: View | undefined;
  #began: number | undefined;
  #trimmed = 0;
  #past: { readonly at: number; readonly counts: Counts; readonly skipped: number }[] = [];

  /** @param mostMarks Of all rows together: of more, a shorter time is kept. */
  constructor(private readonly mostMarks = 300_000) {}

  /** Takes what is new: who has lost the server and found it again is told once more what has passed. */
  take({ began, now, names, everybody, marks, skipped, counts }: Batch): void {
    if (began !== this.#began) this.#forget(began, Math.min(now, ...marks.map(({ at }) => at)));
    else if (now <= this.latest) return;
    this.latest = now;
    this.counts = counts;
    for (const [id, name] of Object.entries(names)) this.#row(Number(id)).name = name;
    for (const mark of marks) this.#note(mark);
    if (everybody) this.#missing(names, now);
    this.#past.push({ at: now, counts, skipped });
    while ((this.#past[0]?.at ?? now) < now - 1_000) this.#past.shift();
    if (now - this.#trimmed >= trimMs) this.#trim(now);
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

  /** The rows that were there in a part of time. */
  during({ from, to }: View): Row[] {
    return [...this.rows.values()].filter((row) => isThere(row, from, to));
  }

  #row(id: number): Row {
    const row = this.rows.get(id) ?? { id, name: `connection ${id + 1}`, marks: [] };
    this.rows.set(id, row);
    return row;
  }

  #note(mark: Mark): void {
    const row = this.#row(mark.row);
    row.marks.push(mark);
    if (mark.kind === 'opened') row.since = mark.at;
    if (mark.kind === 'closed' || mark.kind === 'error') row.over = mark.at;
    if (mark.kind === 'error') row.failed = true;
  }

  /** Who is not among all that are open has closed, and we were not told. */
  #missing(names: Batch['names'], now: number): void {
    for (const row of this.rows.values()) if (!(row.id in names)) row.over ??= now;
  }

  #trim(now: number): void {
    this.#trimmed = now;
    const marks = [...this.rows.values()].reduce((sum, row) => sum + row.marks.length, 0);
    const fitting = marks > this.mostMarks ? ((now - this.oldest) * this.mostMarks) / marks : keptMs;
    const before = Math.max(this.oldest, now - Math.min(keptMs, fitting));
    this.oldest = before;
    const { from, to } = this.pinned ?? { from: now, to: now };
    for (const row of this.rows.values()) {
      if (!isThere(row, before, now) && !isThere(row, from, to)) this.rows.delete(row.id);
      else if ((row.marks[0]?.at ?? now) < before)
        row.marks = row.marks.filter(({ at }) => at >= before || (at >= from && at <= to));
    }
  }

  #forget(began: number, from: number): void {
    this.#began = began;
    this.rows.clear();
    this.#past = [];
    this.oldest = from;
    this.#trimmed = from;
  }
}

const isThere = ({ since = 0, over = Number.POSITIVE_INFINITY }: Row, from: number, to: number): boolean =>
  over >= from && since <= to;
