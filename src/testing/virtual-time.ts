import { animationFrameScheduler, asapScheduler } from 'rxjs';
import type { TestScheduler } from 'rxjs/testing';
import { MarbleError } from './marble-error.js';
import { TestClock } from './test-clock.js';

/** What of a `TestScheduler.run` is handed on as it is. */
export type Run = Parameters<Parameters<TestScheduler['run']>[0]>[0];

/** Virtual time, as far as somebody wants to let it run. */
export interface VirtualTime {
  readonly scheduler: TestScheduler;
  readonly run: Run;
  readonly now: number;
  /** Whether things are happening: diagrams that are made now come too late. */
  readonly flowing: boolean;
  /** Lets everything happen that is due up to a time. Returns whether nothing is left to do. */
  flow(untilMs: number): boolean;
}

/** More tasks than this in one virtual millisecond are taken for a loop that never lets time go on. */
const maxTasksPerMs = 250_000;

let running = false;

/** Runs `body` with virtual time in place of the platform's, for all of RxJS. */
export function inVirtualTime(body: (time: VirtualTime) => void): void {
  if (running) throw new TypeError('A marble test runs inside another one');
  demandNobodyWaits();
  const scheduler = new TestClock(() => {});
  running = true;
  try {
    scheduler.run((run) => {
      try {
        body(virtualTime(scheduler, run));
      } finally {
        forgetWhatWaits();
        scheduler.actions.length = 0;
      }
    });
  } finally {
    running = false;
  }
}

const everybodys = { asapScheduler, animationFrameScheduler };

/** A scheduler that waits for the platform asks virtual time for nothing: what the test scheduled there would never come, and neither would what waits. */
function demandNobodyWaits(): void {
  for (const [name, { actions }] of Object.entries(everybodys))
    if (actions.length > 0)
      throw new TypeError(
        `Something outside of the marble test waits on RxJS's ${name}: let that happen first`,
      );
}

/**
 * RxJS's own schedulers are everybody's: one that still waited for a task of this virtual time, say since the test has thrown, would wait for ever, and
 * nothing that is scheduled there afterwards would come.
 */
function forgetWhatWaits(): void {
  for (const { actions } of Object.values(everybodys))
    for (const action of [...actions]) action.unsubscribe();
}

function virtualTime(scheduler: TestScheduler, run: Run): VirtualTime {
  let flowing = false;

  function flow(untilMs: number): boolean {
    const { actions } = scheduler;
    let tasks = 0;
    for (const source of scheduler.hotObservables.splice(0)) source.setup();
    for (let next = actions[0]; next && next.delay <= untilMs; next = actions[0]) {
      actions.shift();
      tasks = next.delay === scheduler.frame ? tasks + 1 : 0;
      if (tasks > maxTasksPerMs)
        throw new MarbleError(`Time stands still at ${next.delay} ms: a loop without a delay`);
      scheduler.frame = next.delay;
      const error: unknown = next.execute(next.state, next.delay);
      if (error && !isNothingDue(error)) throw error;
    }
    return actions.length === 0;
  }

  return {
    scheduler,
    run,
    get now() {
      return scheduler.frame;
    },
    get flowing() {
      return flowing;
    },
    flow(untilMs) {
      flowing = true;
      try {
        return flow(untilMs);
      } finally {
        flowing = false;
      }
    },
  };
}

/**
 * RxJS's stand-in for the platform's timers throws when a task that is due in the same millisecond has cleared the timer it ran for.
 * Nothing is lost then: there is nothing left to run.
 */
function isNothingDue(error: unknown): boolean {
  return error instanceof Error && error.message === 'Expected a due immediate or interval';
}
