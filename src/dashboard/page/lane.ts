import type { Mark, MarkKind } from '../batch.js';
import type { Row, View } from './store.js';

export const laneHeight = 28;
export const rulerHeight = 26;
/** So many marks before what is shown may have begun a stretch that reaches into it. */
const lookBack = 500;

/** What there is to draw of a row, in pixels. */
export interface Lane {
  /** Where its line begins and ends. */
  readonly from: number;
  readonly to: number;
  /** Where it opened, if that is in view. */
  readonly opened: number | undefined;
  readonly stretches: readonly Stretch[];
  readonly marbles: readonly Marble[];
}

/** How long somebody held a message, or the peer took none. */
export interface Stretch {
  readonly kind: 'held' | 'paused';
  readonly from: number;
  readonly to: number;
}

export interface Marble {
  readonly mark: Mark;
  readonly x: number;
}

/** A row as it is seen through a view of so many pixels. The chosen mark is seen in any case. */
export function laneOf(row: Row, view: View, width: number, chosen?: Mark): Lane {
  const at = (time: number) => placeOf(time, view, width);
  const opened = row.since === undefined ? Number.NEGATIVE_INFINITY : at(row.since);
  const over = row.over === undefined ? Number.POSITIVE_INFINITY : at(row.over);
  return {
    from: Math.min(width, Math.max(0, opened)),
    to: Math.max(0, Math.min(width, over)),
    opened: opened >= 0 && opened <= width ? opened : undefined,
    stretches: [...stretchesOf(row, view, 'held', 'free'), ...stretchesOf(row, view, 'paused', 'open')].map(
      ({ kind, from, to }) => ({ kind, from: at(from), to: Math.max(at(from) + 1, at(to)) }),
    ),
    marbles: marblesIn(row, view, at, chosen),
  };
}

/** Where a time is. */
export const placeOf = (time: number, { from, to }: View, width: number): number =>
  ((time - from) / (to - from)) * width;

function stretchesOf({ marks }: Row, view: View, begin: Stretch['kind'], end: MarkKind): readonly Stretch[] {
  const found: Stretch[] = [];
  let since: number | undefined;
  const note = (to: number) => {
    if (since !== undefined && to >= view.from) found.push({ kind: begin, from: since, to });
    since = undefined;
  };
  for (const { kind, at } of marks.slice(Math.max(0, firstAfter(marks, view.from) - lookBack))) {
    if (at > view.to) break;
    if (kind === begin) since ??= at;
    else if (kind === end || kind === 'closed' || kind === 'error') note(at);
  }
  note(view.to);
  return found;
}

/** Two of a kind at one place are one to the eye: the second is not drawn. */
function marblesIn({ marks }: Row, view: View, at: (time: number) => number, chosen?: Mark): Marble[] {
  const drawn: Partial<Record<MarkKind, number>> = {};
  const found: Marble[] = [];
  for (let index = firstAfter(marks, view.from - 200); index < marks.length; index++) {
    const mark = marks[index] as Mark;
    if (mark.at > view.to) break;
    const x = at(mark.at);
    if (!isMarble(mark) || (mark !== chosen && x - (drawn[mark.kind] ?? Number.NEGATIVE_INFINITY) < 4))
      continue;
    drawn[mark.kind] = x;
    found.push({ mark, x });
  }
  return found;
}

/** How far below the middle of its lane a marble is: what comes is above, what goes below. */
export const heightOf = ({ kind }: Mark): number => (kind === 'in' ? -5 : kind === 'out' ? 5 : 0);

/** A larger message is a larger marble. */
export const radiusOf = ({ size = 0, kind }: Mark): number =>
  3 + Math.min(2.5, Math.log10(size + 1) / 1.5) - (kind === 'out' ? 1 : 0);

/** What can be chosen. */
export const isMarble = ({ kind }: Mark): boolean =>
  kind === 'in' || kind === 'out' || kind === 'closed' || kind === 'failed' || kind === 'error';

/** What a marble says of itself, in words. */
export const says: Readonly<Partial<Record<MarkKind, string>>> = {
  in: 'came',
  out: 'was sent',
  closed: 'closed',
  failed: 'a message failed',
  error: 'ended in an error',
};

/** The times that a ruler names. */
export function ticksOf({ from, to }: View): readonly number[] {
  const step = to - from > 10_000 ? 5_000 : 1_000;
  const first = Math.max(0, Math.ceil(from / step));
  return Array.from(
    { length: Math.max(0, Math.floor(to / step) - first + 1) },
    (_, index) => (first + index) * step,
  );
}

/** The index of the first mark at or behind a time. */
export function firstAfter(marks: readonly Mark[], time: number): number {
  let low = 0;
  let high = marks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((marks[middle] as Mark).at < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
