import { isObservable, type Observable, type Subscription } from 'rxjs';
import { parseDiagram, parseSpan, type Span, type Timed, type Values } from './diagram.js';
import { siteOfCall } from './marble-error.js';
import type { Expectation } from './scene.js';
import type { VirtualTime } from './virtual-time.js';

/** Compares what an Observable does with a diagram. */
export interface ToBe<T> {
  /** `values` maps the letters to what they stand for, `error` is what `#` stands for. */
  toBe(diagram: string, values?: Values<T | unknown>, error?: unknown): void;
  /** Does the same as another Observable, at the same times. */
  toEqual(other: Observable<T>): void;
}

/** Compares subscriptions with diagrams of `^` and `!`. */
export interface ToBeSpans {
  /** One diagram for each subscription, in order. */
  toBe(diagrams: string | readonly string[]): void;
}

/** How rows are filled while a scene is played. */
export interface Recorder {
  /** Expects something of an Observable, subscribed as the diagram says, or else from the start to the end of the test. */
  expectObservable<T>(observable: Observable<T>, subscription?: string | null, name?: string): ToBe<T>;
  expectSubscriptions(log: readonly Span[]): ToBeSpans;
  /** Expects something of a row that somebody else fills. */
  expectRow<T>(
    name: string,
    actual: readonly Timed<T>[],
    normal?: (marks: readonly Timed[]) => Timed[],
  ): ToBe<T>;
  /** Subscribes to something from the start to the end, and expects nothing of it. */
  along(observable: Observable<unknown>): void;
  /** Ends every subscription that is left, and stops recording. */
  seal(): void;
}

export function recorder(time: VirtualTime, expectations: Expectation[]): Recorder {
  const left: Subscription[] = [];
  const atTheEnd: (() => void)[] = [];
  let sealed = false;

  function note<T>(observable: Observable<T>, into: Timed[], outerFrame = 0): Subscription {
    const add = (notification: Timed['notification']) => {
      if (!sealed) into.push({ frame: time.now - outerFrame, notification });
    };
    return observable.subscribe({
      next: (value) => add({ kind: 'N', value: isObservable(value) ? inner(value) : value }),
      error: (error) => add({ kind: 'E', error }),
      complete: () => add({ kind: 'C' }),
    });
  }

  function inner(observable: Observable<unknown>): Timed[] {
    const marks: Timed[] = [];
    left.push(note(observable, marks, time.now));
    return marks;
  }

  /** Notes it for the time of a span. A span that has begun already begins now. */
  function noteFor<T>(observable: Observable<T>, span: Span, into: Timed[]): void {
    const { scheduler, now } = time;
    const from = Number.isFinite(span.subscribedFrame) ? Math.max(span.subscribedFrame - now, 0) : 0;
    const begin = () => {
      const subscription = note(observable, into);
      left.push(subscription);
      if (!Number.isFinite(span.unsubscribedFrame)) return;
      const until = Math.max(span.unsubscribedFrame - time.now, 0);
      scheduler.schedule(() => subscription.unsubscribe(), until);
    };
    // In the middle of things it begins at once: a task later, the first message might have passed.
    if (time.flowing && from === 0) begin();
    else left.push(scheduler.schedule(begin, from));
  }

  function expectation(name: string, actual: readonly Timed[]): Expectation {
    if (sealed) throw new TypeError(`${name}: what is expected when the test is over is not looked at`);
    const made: Expectation = { name, actual, site: siteOfCall() };
    expectations.push(made);
    return made;
  }

  function fill(made: Expectation, expected: readonly Timed[]): void {
    if (made.expected)
      throw new TypeError(`${made.name} has its matcher: a second one would replace the first`);
    made.expected = expected;
    made.site = siteOfCall() ?? made.site;
  }

  function fillFrom<T>(made: Expectation, other: Observable<T>, span: Span): void {
    const expected: Timed[] = [];
    noteFor(other, span, expected);
    fill(made, expected);
  }

  return {
    expectObservable(observable, subscription = null, name = nameOf(expectations.length)) {
      const actual: Timed[] = [];
      const span = subscription === null ? always : parseSpan(subscription);
      const made = expectation(name, actual);
      noteFor(observable, span, actual);
      return {
        toBe: (diagram, values, error) => fill(made, parseDiagram(diagram, values, error)),
        toEqual: (other) => fillFrom(made, other, span),
      };
    },
    expectSubscriptions(log) {
      const actual: Timed[] = [];
      const made = expectation(`subscriptions`, actual);
      return {
        toBe(diagrams) {
          const spans = (typeof diagrams === 'string' ? [diagrams] : diagrams).map(parseSpan);
          const drawn = spans.filter(({ subscribedFrame }) => Number.isFinite(subscribedFrame));
          fill(made, drawn.flatMap(marksOfSpan));
          atTheEnd.push(() => actual.push(...log.flatMap(marksOfSpan)));
        },
      };
    },
    expectRow(name, actual, normal = (marks) => [...marks]) {
      const seen: Timed[] = [];
      const made = expectation(name, seen);
      atTheEnd.push(() => seen.push(...normal(actual)));
      return {
        toBe: (diagram, values, error) => fill(made, normal(parseDiagram(diagram, values, error))),
        toEqual: (other) => fillFrom(made, other, always),
      };
    },
    along: (observable) => noteFor(observable, always, []),
    seal() {
      for (const read of atTheEnd) read();
      sealed = true;
      for (const one of left.splice(0)) one.unsubscribe();
    },
  };
}

const always: Span = { subscribedFrame: 0, unsubscribedFrame: Number.POSITIVE_INFINITY };
const nameOf = (index: number) => (index < 26 ? `${String.fromCharCode(97 + index)}$` : `${index + 1}$`);

/** A subscription as two marks, so that a scene can draw it. */
function marksOfSpan({ subscribedFrame, unsubscribedFrame }: Span): Timed[] {
  const end = { frame: unsubscribedFrame, notification: { kind: 'N', value: '!' } } as const;
  return [
    { frame: subscribedFrame, notification: { kind: 'N', value: '^' } },
    ...(Number.isFinite(unsubscribedFrame) ? [end] : []),
  ];
}
