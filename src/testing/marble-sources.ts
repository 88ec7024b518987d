import type { TestScheduler } from 'rxjs/testing';
import type { Findings } from './checks.js';
import { parseDiagram, type Span, type Timed, type Values } from './diagram.js';
import { siteOfCall } from './marble-error.js';
import type { Row } from './scene.js';
import type { VirtualTime } from './virtual-time.js';

/** One subscription to a source: when it began and ended. */
export type SubscriptionLog = Span;

/** A source that emits by a diagram, and notes its subscriptions; `cold` plays it anew for each. */
export type ColdSource<T> = ReturnType<typeof TestScheduler.prototype.createColdObservable<T>>;
export type HotSource<T> = ReturnType<typeof TestScheduler.prototype.createHotObservable<T>>;

/** Makes sources out of diagrams. */
export interface Sources {
  cold<T = string>(diagram: string, values?: Values<T>, error?: unknown): ColdSource<T>;
  hot<T = string>(diagram: string, values?: Values<T>, error?: unknown): HotSource<T>;
  /** Where the `|` of a diagram stands, in milliseconds. */
  time(diagram: string): number;
  readonly made: readonly { readonly subscriptions: readonly SubscriptionLog[] }[];
}

export function sources(time: VirtualTime, rows: Row[], found: Findings): Sources {
  const { scheduler } = time;
  const made: { readonly subscriptions: readonly SubscriptionLog[] }[] = [];

  /** RxJS's own source, with what our parser has read. */
  function filled<S extends { messages: unknown[]; subscriptions: SubscriptionLog[] }>(
    source: S,
    kind: string,
    marks: readonly Timed[],
  ): S {
    source.messages.push(...marks);
    if (kind === 'hot') rows.push({ name: `hot ${made.length + 1}`, kind: 'source', marks });
    made.push(source);
    return source;
  }

  return {
    cold(diagram, values, error) {
      if (diagram.includes('^'))
        throw new TypeError('A cold source begins when it is subscribed: it has no "^"');
      return filled(scheduler.createColdObservable(''), 'cold', parseDiagram(diagram, values, error));
    },
    hot(diagram, values, error) {
      if (time.flowing)
        found.add('late-source', 'A hot() was made while time flows: it never emits', siteOfCall());
      return filled(scheduler.createHotObservable(''), 'hot', parseDiagram(diagram, values, error));
    },
    time(diagram) {
      const end = parseDiagram(diagram).find(({ notification }) => notification.kind === 'C');
      if (!end) throw new TypeError(`A time is a diagram with a "|", not ${diagram}`);
      return end.frame;
    },
    made,
  };
}
