import { interval, lastValueFrom, type Observable, Subscription, tap, timeout } from 'rxjs';
import { inVirtualTime } from '../../src/testing/virtual-time.js';
import { handles, handlesSince } from '../helpers/handles.js';
import { bufferBytes } from '../helpers/memory.js';
import type { Presence } from '../helpers/presence.js';
import { type Book, openBook } from './book.js';
import { judge } from './judge.js';
import { cutter, type Report } from './peer.js';
import { isHere, runPython } from './pythons.js';
import { type Road, roads } from './roads.js';
import { sideOf } from './sides.js';
import { isPlay } from './suite.js';
import { watchProcess } from './unhandled.js';
import type { Variant } from './variants.js';

/** What came of one variant. */
export interface Result {
  /** Why it was not run. */
  readonly skipped?: string;
  /** Asked of a program that is not ours: what is not so differs, and is no failure. */
  readonly foreign?: true;
  readonly variant: Variant;
  /** What was not so; empty if it passed. */
  readonly wrong: readonly string[];
  /** How our connection ended. */
  readonly reason: string;
  /** How long it took, on the road's own clock, in milliseconds. */
  readonly ms: number;
}

/** How long a variant may take: on a real road in real time, on the virtual one in virtual time. */
const realMs = 60_000;
const virtualMs = 600_000;
/** How long a destroyed wire may linger, in virtual time, and no timer longer. */
const settleMs = 2_000;
/** What buffers may have grown to when a variant is over. */
const leftBytes = 8 << 20;

/** Runs one variant, and looks at what is asserted in every case. */
export async function run(variant: Variant): Promise<Result> {
  const { asked, road, python } = variant;
  const presence = (python ? isHere(python) : asked.needs)?.() ?? true;
  if (presence !== true) return missing(variant, presence);
  if (python) return runPython(variant, python);
  const unhandled = watchProcess();
  const before = { handles: handles(), buffers: process.memoryUsage().arrayBuffers };
  const { wrong, reason, ms, most } = await played(variant);
  if (road !== 'virtual') {
    wrong.push(...(await leftBehind(before.handles)));
    const grown = process.memoryUsage().arrayBuffers - before.buffers;
    if (grown > leftBytes) wrong.push(...(await leftInBuffers(before.buffers)));
    const peak = most - before.buffers;
    if (asked.bufferBytes !== undefined && peak > asked.bufferBytes)
      wrong.push(`buffers grew by ${peak} bytes`);
  }
  const { reports, others } = unhandled;
  if (reports.length !== (asked.reports ?? 0))
    wrong.push(`RxJS reports ${reports.length} unhandled errors: ${reports}`);
  wrong.push(...others);
  unhandled.stop();
  return { variant, wrong, reason, ms };
}

/** Skipped, unless peers are asked for and could have been had. */
function missing(variant: Variant, presence: Exclude<Presence, true>): Result {
  const isUnreachable = typeof presence === 'object';
  const skipped = isUnreachable ? presence.unreachable : presence || 'not here';
  const wrong = process.env.RX_TINYPROTO_REQUIRE_PEERS === '1' && !isUnreachable ? [skipped] : [];
  return { variant, wrong, skipped, reason: '', ms: 0 };
}

/** What came of it, without what it was made of. */
async function played(variant: Variant) {
  const { asked, road: name } = variant;
  const book = openBook();
  const wrong: string[] = [];
  let report: Report | undefined;
  let ms = 0;
  let most = 0;
  const program = programOf(variant, roads[name](), book).pipe(
    tap((each) => {
      report = each as Report | undefined;
    }),
  );
  try {
    ms =
      name === 'virtual'
        ? inVirtual(program)
        : await inReal(program, (bytes) => {
            most = Math.max(most, bytes);
          });
  } catch (error) {
    wrong.push(error instanceof Error ? error.message : String(error));
  }
  book.close();
  wrong.push(...book.faults);
  if (!isPlay(asked) && report) wrong.push(...judge(asked, variant, report, book, ms));
  return { wrong, reason: book.endings[0] ?? '', ms, most };
}

async function leftInBuffers(before: number): Promise<string[]> {
  const left = (await bufferBytes()) - before;
  return left > leftBytes ? [`${left} bytes of buffers are left`] : [];
}

function programOf({ asked, side, tongue, cut, seed }: Variant, road: Road, book: Book): Observable<unknown> {
  if (isPlay(asked)) return asked.plays({ road, book });
  return sideOf[side]({ script: asked, road, tongue, book, cut: cutter(cut, seed) });
}

function inVirtual(program: Observable<unknown>): number {
  let ended: number | undefined;
  let failed: { readonly error: unknown } | undefined;
  inVirtualTime((time) => {
    const running = program.subscribe({
      error: (error) => {
        failed = { error };
      },
      complete: () => {
        ended = time.now;
      },
    });
    for (let until = 0; ended === undefined && !failed && until < virtualMs; until += 100)
      if (time.flow(until)) break;
    running.unsubscribe();
    const idle = time.flow(time.now + settleMs);
    if (failed) throw failed.error;
    if (ended === undefined) throw new Error('nothing is left to happen, and yet it is not over');
    if (!idle) throw new Error('timers are left behind');
  });
  return ended ?? 0;
}

async function inReal(program: Observable<unknown>, weigh: (bytes: number) => void): Promise<number> {
  const started = performance.now();
  const scales = new Subscription();
  scales.add(interval(5).subscribe(() => weigh(process.memoryUsage().arrayBuffers)));
  try {
    await lastValueFrom(program.pipe(timeout(realMs)), { defaultValue: undefined });
  } finally {
    scales.unsubscribe();
  }
  return performance.now() - started;
}

/** Handles go a moment later than what they were for. */
async function leftBehind(before: Record<string, number>): Promise<string[]> {
  for (let rounds = 0; rounds < 200; rounds++) {
    if (handlesSince(before).length === 0) return [];
    await new Promise((go) => (rounds < 20 ? setImmediate(go) : setTimeout(go, 5)));
  }
  return [`handles are left: ${handlesSince(before)}`];
}
