import type { ObservableNotification } from 'rxjs';
import type { Timed } from './diagram.js';
import { same } from './same.js';

/** Where two rows part: the first mark that differs, by its place in either. */
export function firstDifference(actual: readonly Timed[], expected: readonly Timed[]): number | undefined {
  const longest = Math.max(actual.length, expected.length);
  for (let index = 0; index < longest; index++) {
    if (!sameMark(actual[index], expected[index])) return index;
  }
  return undefined;
}

function sameMark(one: Timed | undefined, other: Timed | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.frame === other.frame && sameNotification(one.notification, other.notification);
}

function sameNotification(
  one: ObservableNotification<unknown>,
  other: ObservableNotification<unknown>,
): boolean {
  if (one.kind === 'N') return other.kind === 'N' && same(one.value, other.value);
  if (one.kind === 'E') return other.kind === 'E' && same(one.error, other.error);
  return other.kind === 'C';
}
