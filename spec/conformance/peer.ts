import {
  BehaviorSubject,
  concat,
  concatMap,
  defer,
  EMPTY,
  filter,
  from,
  ignoreElements,
  map,
  Observable,
  of,
  take,
  takeUntil,
  timer,
} from 'rxjs';
import { Dice } from '../helpers/dice.js';
import type { RawEnd, Road } from './roads.js';
import type { CutName } from './suite.js';
import { inOrder, type Said, type Step, type Tongue } from './words.js';

/** What a raw peer has heard, and how the other side ended. */
export interface Report {
  readonly heard: Uint8Array;
  readonly end: 'fin' | 'rst';
  /** What was not as the script has it. */
  readonly wrong: string | undefined;
  /** The messages that it has said whole. */
  readonly said: readonly Uint8Array[];
}

/** How long it waits for what it is to hear. */
const usualPatienceMs = 8_000;

/** Long words are said byte by byte at their ends only. */
const edgeBytes = 150;

/** Cuts what is said at once, as the variant wants it. */
export function cutter(cut: CutName, seed: number): (bytes: Uint8Array) => readonly Uint8Array[] {
  const dice = new Dice(seed);
  const sizeAt: Readonly<Record<CutName, (at: number, length: number) => number>> = {
    whole: (_, length) => length,
    'byte by byte': (at, length) =>
      at < edgeBytes || length - at <= edgeBytes ? 1 : Math.min(60_000, length - at - edgeBytes),
    'at random': (_, length) => dice.pick([1, 1, 2, 3, 5, 8, 100, Math.ceil(length / 3), length]),
  };
  return (bytes) => {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += pieces.at(-1)?.length ?? 1) {
      pieces.push(bytes.subarray(at, at + sizeAt[cut](at, bytes.length)));
    }
    return pieces;
  };
}

/** Runs a script at an end of a wire: emits its report when the script is over and the other side has ended. Then it ends, too. */
export function perform(
  end: RawEnd,
  steps: readonly Step[],
  { turn$, patienceMs = usualPatienceMs }: Pick<Road, 'turn$' | 'patienceMs'>,
  tongue: Tongue,
  cut: (bytes: Uint8Array) => readonly Uint8Array[],
): Observable<Report> {
  return new Observable((subscriber) => {
    const ear = listening(end, patienceMs);
    const said = steps.flatMap((step) => (step.does === 'says' ? step.word(tongue).messages : []));
    let expected = Buffer.alloc(0);
    let wrong: string | undefined;
    let finished = false;
    let isStrict = steps.some(({ does }) => does === 'hears');

    const check = () => {
      const heard = ear.heard();
      const whole =
        Buffer.compare(heard.subarray(0, expected.length), expected.subarray(0, heard.length)) === 0;
      if (!whole || heard.length < expected.length)
        throw new Error(`heard ${shown(heard)} instead of ${shown(expected)}`);
    };

    const acts: Readonly<Record<Exclude<Step['does'], 'says' | 'hears' | 'waits' | 'stalls'>, () => void>> = {
      fin() {
        finished = true;
        end.fin();
      },
      rst() {
        finished = true;
        end.rst();
        ear.leave();
      },
      hearsWhatever() {
        isStrict = false;
      },
      deafens: end.deafen,
      listens: end.listen,
    };

    const doing = (step: Step): Observable<unknown> => {
      if (step.does === 'waits') return timer(step.ms);
      if (step.does === 'stalls') return stalled(step.ms);
      if (step.does === 'says') {
        const pieces = cut(step.word(tongue).bytes);
        return from(pieces).pipe(
          concatMap((piece, index) => {
            end.write(piece);
            return index < pieces.length - 1 ? turn$ : EMPTY;
          }),
        );
      }
      if (step.does === 'hears') {
        expected = Buffer.concat([expected, step.word(tongue).bytes]);
        return concat(
          ear.hears(expected.length).pipe(ignoreElements()),
          defer(() => of(check())),
        );
      }
      acts[step.does]();
      return EMPTY;
    };

    const script = oneByOne(joined(steps, tongue), doing);
    const after = defer(() => ear.end$).pipe(
      map((how): Report => {
        if (!finished) end.fin();
        const heard = ear.heard();
        if (isStrict && wrong === undefined && how !== 'left' && heard.length > expected.length)
          wrong = `heard ${shown(heard.subarray(expected.length))} besides`;
        return { heard, end: how === 'fin' ? 'fin' : 'rst', wrong, said: said.map(({ message }) => message) };
      }),
    );
    subscriber.add(
      concat(script, after).subscribe({
        next: (report) => subscriber.next(report as Report),
        complete: () => subscriber.complete(),
        error(error) {
          wrong = error instanceof Error ? error.message : String(error);
          end.rst();
          ear.leave();
          subscriber.add(after.subscribe(subscriber));
        },
      }),
    );
    subscriber.add(() => ear.stop());
  });
}

/** One after the other, however many are over at once: `concatMap` would need a stack as deep as there are steps. */
const oneByOne = (steps: readonly Step[], doing: (step: Step) => Observable<unknown>): Observable<never> =>
  new Observable((subscriber) => {
    let at = 0;
    let isOver = true;
    let isGoing = false;
    const over = () => {
      isOver = true;
      go();
    };
    const go = () => {
      if (isGoing) return;
      isGoing = true;
      for (let step = steps[at]; isOver && step && !subscriber.closed; step = steps[at]) {
        at++;
        isOver = false;
        subscriber.add(doing(step).subscribe({ error: (error) => subscriber.error(error), complete: over }));
      }
      isGoing = false;
      if (isOver && at === steps.length) subscriber.complete();
    };
    go();
  });

/** Words that follow each other are said at once: they are cut together. */
function joined(steps: readonly Step[], tongue: Tongue): Step[] {
  const out: Step[] = [];
  for (const step of steps) {
    const last = out.at(-1);
    if (step.does === 'says' && last?.does === 'says') {
      const both: Said = inOrder([last.word(tongue), step.word(tongue)]);
      out[out.length - 1] = { does: 'says', word: () => both };
    } else out.push(step);
  }
  return out;
}

/** Does nothing but take time. */
function stalled(ms: number): Observable<never> {
  for (const over = performance.now() + ms; performance.now() < over; );
  return EMPTY;
}

function listening(end: RawEnd, patienceMs: number) {
  const chunks: Uint8Array[] = [];
  const count = new BehaviorSubject(0);
  const how = new BehaviorSubject<'fin' | 'rst' | 'left' | undefined>(undefined);
  const over = (as: 'fin' | 'rst' | 'left') => {
    if (how.value !== undefined) return;
    how.next(as);
    count.complete();
  };
  const subscription = end.bytes$.subscribe({
    next(chunk) {
      chunks.push(chunk);
      count.next(count.value + chunk.length);
    },
    error: () => over('rst'),
    complete: () => over('fin'),
  });
  return {
    heard: () => Buffer.concat(chunks),
    /** Completes when so many bytes are heard, or none come any more. */
    hears: (bytes: number) =>
      count.pipe(
        filter((heard) => heard >= bytes),
        take(1),
        takeUntil(timer(patienceMs)),
      ),
    end$: how.pipe(
      filter((as) => as !== undefined),
      take(1),
    ),
    /** After a reset nothing is heard. */
    leave: () => over('left'),
    stop: () => subscription.unsubscribe(),
  };
}

const shown = (bytes: Uint8Array): string =>
  bytes.length === 0
    ? 'nothing'
    : `${Buffer.from(bytes.subarray(0, 24)).toString('hex')}${bytes.length > 24 ? `… (${bytes.length} bytes)` : ''}`;
