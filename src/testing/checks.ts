import type { Span } from './diagram.js';
import { isCalledByPlatform, type Site } from './marble-error.js';

/**
 * What every marble test is looked over for at its end. Each can be allowed.
 *
 * - `unmatched`: an expectation without a matcher, which expects nothing.
 * - `late-source`: a `hot()` made while time flows, which never emits.
 * - `endless`: something still to do after `maxMs` of virtual time.
 * - `platform-timers`: `setTimeout`, `process.nextTick` and their like, which virtual time does not move.
 * - `open-connections`, `open-subscriptions`: what is still open when everything the test itself subscribed to is unsubscribed.
 * - `undelivered`: bytes that came and nobody read.
 * - `held`: a hold that is never released.
 * - `unsent`: a `send` that nobody subscribed to.
 */
export type Check =
  | 'unmatched'
  | 'late-source'
  | 'endless'
  | 'platform-timers'
  | 'open-connections'
  | 'open-subscriptions'
  | 'undelivered'
  | 'held'
  | 'unsent';

/** Something that a check has found. */
export interface Finding {
  readonly check: Check;
  readonly text: string;
  readonly site?: Site | undefined;
}

/** The findings of a test, without those that are allowed. */
export interface Findings {
  add(check: Check, text: string, site?: Site): void;
  readonly all: readonly Finding[];
}

export function findings(allow: readonly Check[]): Findings {
  const all: Finding[] = [];
  return {
    add(check, text, site) {
      if (!allow.includes(check)) all.push({ check, text, site });
    },
    all,
  };
}

/** What the findings say, and how each can be allowed. */
export function report(found: readonly Finding[]): string {
  const lines = found.map(({ check, text, site }) => `${text}${site ? ` (${site.line})` : ''} (${check})`);
  const checks = [...new Set(found.map(({ check }) => `'${check}'`))].join(', ');
  return [...lines, `If it is meant: marbles(test, { allow: [${checks}] })`].join('\n');
}

/** Subscriptions to the sources of a test that nobody ended. */
export function openSubscriptions(logs: readonly { readonly subscriptions: readonly Span[] }[]): number {
  return logs
    .flatMap(({ subscriptions }) => subscriptions)
    .filter(({ unsubscribedFrame }) => unsubscribedFrame === Infinity).length;
}

type Callable = (...given: unknown[]) => unknown;
type Platform = Record<string, Callable | undefined>;

/** Notes the use of the platform's own timers, which go on working. Returns what ends it. */
export function noticeTimers(used: (name: string) => void): () => void {
  const { process } = globalThis as { process?: unknown };
  const ends = [
    ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'].map((name) =>
      noticed(globalThis as unknown as Platform, name, () => used(name)),
    ),
    noticed(process as Platform | undefined, 'nextTick', () => used('process.nextTick')),
  ];
  return () => {
    for (const end of ends) end();
  };
}

/** Tells of each call of a function that somebody has, but for what the platform does by itself: a stream that prints is nobody's timer. */
function noticed(owner: Platform | undefined, name: string, used: () => void): () => void {
  const original = owner?.[name];
  if (!owner || !original) return () => {};
  owner[name] = Object.assign((...given: unknown[]) => {
    if (!isCalledByPlatform()) used();
    return original.apply(owner, given);
  }, original);
  return () => {
    owner[name] = original;
  };
}
