import { asyncScheduler } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { closeTimeoutMs, type Deed, type Kind, LifeModel, type Seen } from './life-model.js';
import { LifeRig } from './life-rig.js';

const deeds: readonly Deed[] = [
  'opened',
  'send',
  'road',
  'end',
  'close',
  'peerEnd',
  'message',
  'read',
  'letGo',
  'lost',
  'destroy',
];

/** Every life of so many deeds, and every shorter one. */
function* livesOf(kind: Kind, most: number, before: readonly Deed[] = []): Generator<readonly Deed[]> {
  yield before;
  if (before.length === most) return;
  const model = new LifeModel(kind);
  for (const each of before) model.do(each, 0);
  for (const deed of deeds) if (model.may(deed)) yield* livesOf(kind, most, [...before, deed]);
}

/** Where a connection is not what the model says. */
export interface Difference {
  readonly life: string;
  readonly expected: Seen;
  readonly seen: Seen;
}

/** Lives a life beside the model, and what is left of it until nothing more comes; tells where they differ first. Yields how many milliseconds to wait. */
function* lived(
  rig: LifeRig,
  model: LifeModel,
  life: readonly Deed[],
  differ: (difference: Difference) => void,
): Generator<number, void> {
  const began = asyncScheduler.now();
  const done: string[] = [];
  let isSame = true;
  const look = () => {
    model.pass(asyncScheduler.now() - began);
    const { seen } = rig;
    const expected = model.seen;
    const differs = (Object.keys(expected) as (keyof Seen)[]).some((what) => seen[what] !== expected[what]);
    if (isSame && differs) differ({ life: done.join(' '), expected, seen });
    isSame &&= !differs;
  };
  const act = (deed: Deed) => {
    look();
    if (!model.may(deed)) return;
    done.push(deed);
    rig.do(deed);
    model.do(deed, asyncScheduler.now() - began);
  };
  for (const deed of life) {
    yield 1;
    act(deed);
  }
  yield 3 * closeTimeoutMs;
  for (const deed of ['gone', 'read', 'letGo'] as const) {
    act(deed);
    yield 1;
  }
  look();
}

/** What was found in all lives of so many deeds. */
export interface Found {
  readonly lives: number;
  readonly differences: readonly Difference[];
  /** The arrows of the table that were taken, as `state event`. */
  readonly arrows: ReadonlySet<string>;
}

/** Lives every life of so many deeds that a connection of a kind may have, all in one virtual time. */
export function livedThrough(kind: Kind, most: number): Found {
  const differences: Difference[] = [];
  const arrows = new Set<string>();
  let lives = 0;
  function* waits(): Generator<number, void> {
    for (const life of livesOf(kind, most)) {
      lives++;
      const model = new LifeModel(kind, (arrow) => arrows.add(arrow));
      yield* lived(new LifeRig(kind), model, life, (difference) => differences.push(difference));
    }
  }
  new TestScheduler(() => {}).run(({ flush }) => {
    const each = waits();
    asyncScheduler.schedule(function () {
      const { value } = each.next();
      if (value) this.schedule(undefined, value);
    });
    flush();
  });
  return { lives, differences, arrows };
}
