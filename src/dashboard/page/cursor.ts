import { firstAfter, isMarble } from './lane.js';
import type { Chosen } from './lanes.js';
import type { Row } from './store.js';

/** The marble that is so many before or behind the chosen one; the last, if none is chosen. */
export function besides(row: Row, chosen: Chosen | undefined, by: 1 | -1, until: number): Chosen | undefined {
  const marbles = row.marks.filter((mark) => isMarble(mark) && mark.at <= until);
  const at = chosen?.row === row ? marbles.indexOf(chosen.mark) : marbles.length;
  const mark = marbles[Math.min(marbles.length - 1, Math.max(0, at + by))];
  return mark && { row, mark };
}

/** The marble of another row that is nearest in time. */
export function nearest(row: Row, time: number): Chosen | undefined {
  const marbles = row.marks.filter(isMarble);
  const behind = firstAfter(marbles, time);
  const [one, other] = [marbles[behind - 1], marbles[behind]];
  const mark = one && other ? (time - one.at < other.at - time ? one : other) : (one ?? other);
  return mark && { row, mark };
}
