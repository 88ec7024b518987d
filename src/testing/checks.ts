import type { Span } from './diagram.js';
import { isCalledByPlatform, type Site } from './marble-error.js';

/**
 * What every marble test is looked over for at its end. Each can be allowed.
 *
 * - `unmatched`: an expectation without a matcher, which expects nothing.
 * - `late-source`: a `hot()` made while time flows, which never emits.
 * - `endless`: something still to do after `maxMs` of virtual time.
 * - `platform-timers`: `setTimeout`, `process.nextTick`, promises and their like, which virtual time does not move.
 * - `open-connections`, `open-subscriptions`: what is still open when everything the test itself subscribed to is unsubscribed.
 * - `undelivered`: bytes that came and nobody read.
 * - `held`: a hold that is never released.
 * - `unsent`: a `send` that nobody subscribed to.
 * - `not-run`: a `listen` that nobody subscribed to, or a `connect` where none was.
 * - `unsaid`: what a raw peer was to say and has not said, if nothing is expected of it.
 * - `printed-errors`: an error that went to `console.error`, as those of `serve`'s handlers do.
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
  | 'unsent'
  | 'not-run'
  | 'unsaid'
  | 'printed-errors';

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
      const isSame = (one: Finding) => one.text === text && one.site?.line === site?.line;
      if (!allow.includes(check) && !all.some(isSame)) all.push({ check, text, site });
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

/** Notes what is printed as an error, which goes on being printed. Returns what ends it. */
export function noticePrinted(printed: (error: unknown) => void): () => void {
  return noticed(globalThis.console as unknown as Platform, 'error', printed);
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
    noticed(Promise.prototype as unknown as Platform, 'then', () => used('then of a promise')),
  ];
  return () => {
    for (const end of ends) end();
  };
}

/** Tells of each call of a function that somebody has, but for what the platform does by itself: a stream that prints is nobody's timer. */
function noticed(owner: Platform | undefined, name: string, used: (given: unknown) => void): () => void {
  const original = owner?.[name];
  if (!owner || !original) return () => {};
  let over = false;
  const noticing = Object.assign(function (this: unknown, ...given: unknown[]) {
    if (!over && !isCalledByPlatform()) used(given[0]);
    return original.apply(this ?? owner, given);
  }, original);
  owner[name] = noticing;
  return () => {
    over = true;
    // Fake timers that have come since will put back what they found here.
    if (owner[name] === noticing) owner[name] = original;
  };
}
