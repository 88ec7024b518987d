import { defer, type Observable, of, Subject, type Subscriber, take, tap } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { consume } from '../../src/flow/consume.js';
import { type Awaiting, Outcome, type Road } from '../../src/flow/outcome.js';
import { paced } from '../../src/flow/paced.js';
import { Dice } from '../helpers/dice.js';

const oops = new Error('oops');

interface Entry {
  readonly letter: string;
  readonly who: Awaiting | Subscriber<void>;
}

/** A road whose outcomes are told when the spec says so, to whoever has begun; as many of one who waits for many at a time as there are. */
class Told implements Road<string> {
  readonly log: string[] = [];
  readonly #waiting: Entry[] = [];
  /** Whether what comes begins at once, and cannot be taken back. */
  isOpen = true;

  send(letter: string): Outcome<string> {
    return new Outcome(this, letter);
  }

  begin(letter: string, who: Awaiting | Subscriber<void>): (() => void) | undefined {
    if (letter === '!') throw oops;
    this.log.push(`+${letter}`);
    if (letter === '?') {
      fail(who);
      return undefined;
    }
    const entry = { letter, who };
    this.#waiting.push(entry);
    return this.isOpen ? undefined : () => this.#withdraw(entry);
  }

  /** What is taken has begun, so all of it leaves the queue first. */
  take(count: number): void {
    const all = this.#waiting.splice(0, count);
    for (let first = all[0]; first; first = all[0]) {
      const { who } = first;
      let same = 0;
      while (all[0]?.who === who) {
        same++;
        all.shift();
      }
      if ('isStream' in who) who.taken(same);
      else {
        who.next();
        who.complete();
      }
    }
  }

  fail(): void {
    const first = this.#waiting.shift();
    if (first) fail(first.who);
  }

  #withdraw(entry: Entry): void {
    const at = this.#waiting.indexOf(entry);
    if (at < 0) return;
    this.#waiting.splice(at, 1);
    this.log.push(`-${entry.letter}`);
  }
}

function fail(who: Awaiting | Subscriber<void>): void {
  if ('isStream' in who) who.failed(oops);
  else who.error(oops);
}

type Project = (road: Told, letter: string) => Observable<void>;

/** Begun for one who waits for many, and with a subscriber each. */
const together: Project = (road, letter) => road.send(letter);
const each: Project = (road, letter) => defer(() => road.send(letter));

/** Everything that can be seen of `consume`, in the order in which it happens. */
function stage(project: Project, concurrency: number) {
  const road = new Told();
  const { log } = road;
  const source = new Subject<string>();
  const subscription = source
    .pipe(
      paced(undefined, { maxWaiting: 1_000 }),
      tap((letter) => log.push(letter)),
      consume((letter) => project(road, letter), { concurrency }),
    )
    .subscribe({
      next: () => log.push('taken'),
      error: () => log.push('error'),
      complete: () => log.push('complete'),
    });
  return { road, log, source, subscription };
}

describe('consume of sends', () => {
  it('has as many under way as it has room for, and lets each go when it is taken', () => {
    const { road, log, source } = stage(together, 2);
    for (const letter of 'abc') source.next(letter);
    expect(log.join(' ')).toBe('a +a b +b');
    road.take(1);
    expect(log.join(' ')).toBe('a +a b +b taken c +c');
    source.complete();
    road.take(2);
    expect(log.join(' ')).toBe('a +a b +b taken c +c taken taken complete');
  });

  it('passes the first failure on, and takes back what has not begun', () => {
    const { road, log, source } = stage(together, 3);
    source.next('a');
    road.isOpen = false;
    source.next('b');
    road.fail();
    expect(log.join(' ')).toBe('a +a b +b error -b');
    road.take(9);
    expect(log).toHaveLength(6);
  });

  it('passes on what is refused at once, and what throws', () => {
    for (const letter of '?!') {
      const { log, source } = stage(together, 3);
      source.next('a');
      source.next(letter);
      expect(log.at(-1)).toBe('error');
    }
  });

  it('lets a second consume hold the message on', () => {
    const [first, second] = [new Told(), new Told()];
    const seen: string[] = [];
    of(...'abc')
      .pipe(
        paced(),
        tap((letter) => seen.push(letter)),
        consume((letter) => first.send(letter)),
        consume(() => second.send('x')),
      )
      .subscribe();
    first.take(1);
    expect(seen).toEqual(['a']);
    second.take(1);
    expect(seen).toEqual(['a', 'b']);
  });

  it('stops when nobody wants more, inside of many that were taken together', () => {
    const road = new Told();
    let taken = 0;
    of(...'abcd')
      .pipe(
        paced(),
        consume((letter) => road.send(letter), { concurrency: 9 }),
        take(2),
      )
      .subscribe(() => taken++);
    road.take(4);
    expect(taken).toBe(2);
  });

  it('keeps sends on several roads apart', () => {
    const roads = [new Told(), new Told()];
    const taken: string[] = [];
    const on = (letter: string) => (letter < 'm' ? roads[0] : roads[1]) as Told;
    of(...'ayb')
      .pipe(
        paced(),
        consume((letter) => on(letter).send(letter), { concurrency: 9 }),
      )
      .subscribe(() => taken.push('taken'));
    roads[1]?.take(1);
    expect(taken).toHaveLength(1);
    roads[0]?.take(2);
    expect(taken).toHaveLength(3);
  });

  it('is seen to do what it does with a subscriber for each, whatever happens', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const run = (project: Project) => {
        const dice = new Dice(seed);
        const below = (bound: number) => dice.below(bound);
        const { road, log, source, subscription } = stage(project, 1 + below(4));
        for (let step = 0; step < 40; step++) {
          const what = below(12);
          if (what < 6) source.next('abcdefgh?!'[below(step < 30 ? 8 : 10)] as string);
          else if (what < 10) road.take(1 + below(3));
          else if (what === 10) road.isOpen = !road.isOpen;
          else if (below(8) === 0)
            [() => road.fail(), () => source.complete(), () => subscription.unsubscribe()][below(3)]?.();
        }
        road.take(99);
        // What is taken back at once is in no order.
        const isBack = (entry: string) => entry.startsWith('-');
        return [...log.filter((entry) => !isBack(entry)), ...log.filter(isBack).sort()].join(' ');
      };
      expect(run(together), `seed ${seed}`).toBe(run(each));
    }
  });
});
