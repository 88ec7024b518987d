import { asapScheduler, defer, isObservable, type Observable, Subscription } from 'rxjs';
import { type Connect, connectOver } from '../client/connect.js';
import { positive } from '../connection/options.js';
import { streamedBodies } from '../connection/streamed-bodies.js';
import { watchConnections } from '../connection/watched.js';
import { setStrictByDefault, watchHolds } from '../flow/hold.js';
import { tinyproto } from '../framing/tinyproto.js';
import { together } from '../outbox/open-outbox.js';
import { type Listen, listenOver } from '../server/listen.js';
import { formatAddress } from '../transport/address.js';
import {
  type Check,
  type Findings,
  findings,
  noticePrinted,
  noticeTimers,
  openSubscriptions,
  report,
} from './checks.js';
import { type ConnectionExpectations, connectionExpectations } from './connection-expectations.js';
import { drawDifference, drawScene } from './draw.js';
import { type Recorder, recorder } from './expectations.js';
import { type FaultTimeline, faultTimeline } from './fault-timeline.js';
import { firstDifference } from './judge.js';
import { MarbleError, type Site, siteOfCall } from './marble-error.js';
import { type Sources, sources } from './marble-sources.js';
import { type PeerHelpers, peers } from './peers.js';
import { type Expectation, passedScene, type Scene, type Stage, sceneOf } from './scene.js';
import { isColorTerminal } from './terminal.js';
import { type RoadSettings, type VirtualNetwork, virtualNetwork } from './virtual-network.js';
import { inVirtualTime, type Run, type VirtualTime } from './virtual-time.js';

/** What a marble test has at hand: everything of `TestScheduler.run`, a network, and what is to be expected of it. */
export interface MarbleHelpers
  extends Pick<Run, 'animate'>,
    Omit<Sources, 'made'>,
    Pick<Recorder, 'expectObservable' | 'expectSubscriptions'>,
    ConnectionExpectations,
    PeerHelpers {
  /** A virtual network of its own: `listen('server:1')` and `connect('server:1')` meet on it. */
  readonly net: VirtualNetwork;
  /** `listen` on the virtual network. */
  readonly listen: Listen;
  /** `connect` on the virtual network. */
  readonly connect: Connect;
  /** Lets faults happen on the ruler: `faults('5ms p 20ms r', { p: partition(), r: repair() })`. */
  readonly faults: FaultTimeline;
  /** Subscribes from the start of the test to its end, as a program does that runs meanwhile. Its errors fail the test. */
  run<T>(program: Observable<T>): Observable<T>;
  /** Lets all virtual time pass now; at the end of the test it happens by itself. */
  flush(): void;
  /** The present virtual millisecond. */
  now(): number;
  /** All rows so far, to be drawn: by `drawScene` as text, by `drawSvg` as a picture. */
  scene(title?: string): Scene;
}

/** How a marble test is run. The options of its network stand here, too. */
export interface MarblesOptions extends RoadSettings {
  /** What it may leave behind; see {@link Check}. */
  readonly allow?: readonly Check[];
  /** How much virtual time may pass, in milliseconds. @default 600,000 */
  readonly maxMs?: number;
  /** Told the scene of a test that passes, so that a picture can be made of it. */
  readonly onScene?: (scene: Scene) => void;
}

/**
 * A test in virtual time, of whatever is written with RxJS and this library: pass what it returns to any test runner.
 *
 *     test('echoes', marbles(({ listen, connect, hot, expectObservable }) => { … }));
 *
 * Time is a `TestScheduler`'s: a character is a millisecond, and nothing waits for the clock. Messages are compared by their bytes, and a failure
 * is drawn: every row of the scene on one ruler, a caret under the difference. At the end the test is looked over for what is easily forgotten (see
 * {@link Check}). A `consume` whose hold got lost errors. The network has no latency unless `latencyMs` says so: what one side sends reaches
 * the other in the same millisecond, in a later task.
 */
export function marbles(test: (helpers: MarbleHelpers) => void, options: MarblesOptions = {}): () => void {
  const { maxMs = 1 } = options;
  positive('maxMs', maxMs);
  return () => inVirtualTime((time) => play(time, test, options));
}

/** How long after the end of a test its connections may take to close. */
const afterMs = 60_000;

function play(time: VirtualTime, test: (helpers: MarbleHelpers) => void, options: MarblesOptions): void {
  const { allow = [], maxMs = 600_000, onScene, ...network } = options;
  const stage: Stage = { rows: [], expectations: [] };
  const found = findings(allow);
  const net = virtualNetwork(network);
  const record = recorder(time, stage.expectations);
  const crew = peers(time, net, record, stage.rows);
  const made = sources(time, stage.rows, found);
  const programs = new Subscription();
  const ran = new Set<unknown>();
  const noted = notRunYet(found);
  const watch = watching(time, found, record);
  const defaults = { transport: net, framing: tinyproto(), bodies: streamedBodies, outbox: together };
  let over = false;
  let endless = false;

  const flush = () => {
    endless = !time.flow(maxMs);
  };

  const helpers: MarbleHelpers = {
    ...made,
    animate: time.run.animate,
    expectObservable: record.expectObservable,
    expectSubscriptions: record.expectSubscriptions,
    ...watch.expectations,
    ...crew.helpers,
    net,
    listen: noted.made('listen', listenOver(defaults)),
    connect: noted.made('connect', connectOver(defaults)),
    faults: faultTimeline(time, net, stage.rows),
    run(program) {
      ran.add(program);
      programs.add(asapScheduler.schedule(() => programs.add(program.subscribe())));
      return program;
    },
    flush,
    now: () => time.now,
    scene: (title) => sceneOf(stage, title),
  };

  try {
    const returned: unknown = test(guarded(helpers, () => over));
    if (isThenable(returned))
      throw new TypeError('A marble test is synchronous: virtual time does not wait for promises');
    if (isObservable(returned) && !ran.has(returned))
      throw new TypeError('A marble test returns an Observable, to which nobody subscribes: run() does');
    flush();
    if (endless) found.add('endless', `Something is still to do after ${maxMs} ms of virtual time`);
    watch.lookForUnread(net);
    noted.lookOver();
    for (const name of crew.unsaid())
      found.add('unsaid', `The ${name} has not said all that it was to say, and nothing is expected of it`);
    record.seal();
    programs.unsubscribe();
    crew.leave();
    net.calm();
    watch.hangUpOthers(net);
    time.flow(time.now + afterMs);
    over = true;
    lookOver(found, stage, made);
    watch.lookOver();
    judgeAll(stage, found);
    onScene?.(passedScene(stage));
  } finally {
    over = true;
    watch.stop();
  }
}

/** Everything that is noted from outside while a test runs. */
function watching(time: VirtualTime, found: Findings, record: Recorder) {
  const watch = connectionExpectations(time, record);
  const holds = new Set<object>();
  const ends = [
    setStrictByDefault(true),
    watchHolds(() => {
      const hold = {};
      holds.add(hold);
      return () => holds.delete(hold);
    }),
    watchConnections(watch.watcher),
    noticeTimers((name) =>
      found.add('platform-timers', `${name} was called: virtual time does not move it`, siteOfCall()),
    ),
    noticePrinted((error) =>
      found.add(
        'printed-errors',
        `An error was printed: ${error}`,
        siteOfCall(error instanceof Error ? error : undefined),
      ),
    ),
  ];
  return {
    expectations: watch.helpers,
    /** Whoever holds an end of a wire and is no connection leaves, as a process does that ends. */
    hangUpOthers({ inside }: VirtualNetwork) {
      const ours = new Set(watch.open().map(({ connection }) => connection.local));
      for (const end of inside.all.flatMap(({ near, far }) => [near, far]))
        if (!ours.has(end.local)) end.destroy();
    },
    lookForUnread({ inside }: VirtualNetwork) {
      for (const { wire, to, unreadBytes } of inside.all.filter(
        ({ open, unreadBytes }) => open > 0 && unreadBytes > 0,
      )) {
        found.add(
          'undelivered',
          `${unreadBytes} bytes are on wire ${wire}, to ${formatAddress(to)}, that nobody read`,
        );
      }
      for (const { name, bytes } of watch.unread()) {
        found.add('undelivered', `${bytes} bytes came to ${name} that nobody read`);
      }
    },
    lookOver() {
      for (const { name } of watch.open())
        found.add('open-connections', `The connection of ${name} is still open`);
      for (const site of watch.unsubscribed())
        found.add('unsent', 'A send was made that nobody subscribed to', site);
      if (holds.size > 0)
        found.add('held', `${holds.size} ${holds.size === 1 ? 'hold is' : 'holds are'} never released`);
    },
    stop() {
      for (const end of ends) end();
    },
  };
}

/** Notes which of the Observables that a test makes nobody has subscribed to. Where one `connect` is run, another may wait behind it for ever, as in a `failover`. */
function notRunYet(found: Findings) {
  const waiting = new Map<object, { readonly name: string; readonly site: Site | undefined }>();
  let hasDialled = false;
  return {
    made: <Make extends Listen | Connect>(name: string, make: Make): Make =>
      ((...given: Parameters<Make>) => {
        const one = {};
        const made$ = (make as (...given: Parameters<Make>) => Observable<unknown>)(...given);
        waiting.set(one, { name, site: siteOfCall() });
        return defer(() => {
          waiting.delete(one);
          hasDialled ||= name === 'connect';
          return made$;
        });
      }) as Make,
    lookOver() {
      for (const { name, site } of waiting.values())
        if (name === 'listen' || !hasDialled)
          found.add('not-run', `A ${name}() was made that nobody subscribed to`, site);
    },
  };
}

function lookOver(found: Findings, { expectations }: Stage, { made }: Sources): void {
  for (const { name, expected, site } of expectations) {
    if (!expected) found.add('unmatched', `${name}: an expectation without a matcher expects nothing`, site);
  }
  const left = openSubscriptions(made);
  if (left > 0)
    found.add('open-subscriptions', `${left} subscriptions to hot() or cold() sources are still open`);
}

/** Throws for the first expectation that is not met, or else for what the checks have found. */
function judgeAll(stage: Stage, found: Findings): void {
  for (const expectation of stage.expectations) {
    if (!expectation.expected) continue;
    const index = firstDifference(expectation.actual, expectation.expected);
    if (index !== undefined) throw different(stage, expectation, index, found);
  }
  const [first] = found.all;
  if (first) throw new MarbleError(report(found.all), { site: first.site });
}

function different(stage: Stage, expectation: Expectation, index: number, found: Findings): MarbleError {
  const scene = sceneOf(stage);
  const drawn = drawDifference(scene, expectation, index, { color: isColorTerminal() });
  const besides = found.all.length > 0 ? `\n\nBesides:\n${report(found.all)}` : '';
  const alone = (kind: 'expected' | 'received', marks: Expectation['actual']) =>
    drawScene({ rows: [{ name: expectation.name, kind, marks }] });
  return new MarbleError(drawn + besides, {
    site: expectation.site,
    actual: alone('received', expectation.actual),
    expected: alone('expected', expectation.expected ?? []),
  });
}

/** Helpers that say so when they are used after their test, or in another one. */
function guarded(helpers: MarbleHelpers, over: () => boolean): MarbleHelpers {
  const guard = (name: string, helper: unknown) =>
    typeof helper !== 'function'
      ? helper
      : (...given: unknown[]) => {
          if (over()) throw new TypeError(`${name}() belongs to a marble test that is over`);
          return helper(...given);
        };
  return Object.fromEntries(
    Object.entries(helpers).map(([name, helper]) => [name, guard(name, helper)]),
  ) as unknown as MarbleHelpers;
}

function isThenable(value: unknown): boolean {
  return typeof (value as { then?: unknown } | undefined)?.then === 'function';
}
