import { Dice } from '../helpers/dice.js';
import { chapters } from './chapters/index.js';
import { type Version, versions, whyNotPython } from './pythons.js';
import {
  type Case,
  type Chapter,
  type CutName,
  cuts,
  isPlay,
  type Play,
  type RoadName,
  type Script,
  type Side,
  sides,
} from './suite.js';
import { strict } from './tongues.js';
import type { Step, Tongue } from './words.js';

/** One way to run one case. */
export interface Variant {
  readonly number: string;
  readonly case: Case;
  readonly asked: Script | Play;
  readonly side: Side;
  readonly road: RoadName;
  readonly cut: CutName;
  readonly tongue: Tongue;
  readonly seed: number;
  /** The version of the Python original that stands where our side does. */
  readonly python?: Version;
}

/** How it is called in a report. */
export const nameOf = ({ asked, side, road, cut, tongue, python }: Variant): string => {
  const who = python ? `its ${side}` : `${tongue.name}, our ${side}, ${cut}`;
  return [asked.name, isPlay(asked) ? undefined : who, `over ${road}`].filter(Boolean).join(', ');
};

/** How many: all, tinyproto in all its cuts and the others in one, or one of each case on the virtual road. */
export type Depth = 'everything' | 'deep' | 'quick';

/** The variants of every case, in order. The same seed gives the same. */
export function everyVariant(seed: number, depth: Depth = 'everything', of: readonly Chapter[] = chapters) {
  const all = of.flatMap((chapter) =>
    chapter.cases.flatMap((each, index) => variantsOf(each, `${chapter.number}.${index + 1}`, seed)),
  );
  if (depth === 'quick')
    return onePerCase(all.filter(({ road, asked, python }) => road === 'virtual' && !asked.heavy && !python));
  return depth === 'everything' ? all : all.filter(isDeep);
}

/** tinyproto in all its cuts; the others, which are asked the same over and over, in one cut, on one road. */
const isDeep = ({ tongue, cut, road, asked, python }: Variant): boolean =>
  !python && asked.heavy !== 'very' && (tongue === strict || (cut !== 'byte by byte' && road === 'virtual'));

/** One variant of each case, another side, cut and script of it for each seed. */
function onePerCase(all: readonly Variant[]): Variant[] {
  const byCase = grouped(all);
  return [...byCase.values()].map((some) => new Dice((some[0] as Variant).seed).pick(some));
}

function grouped(all: readonly Variant[]): Map<string, Variant[]> {
  const byCase = new Map<string, Variant[]>();
  for (const each of all) byCase.set(each.number, [...(byCase.get(each.number) ?? []), each]);
  return byCase;
}

function variantsOf(of: Case, number: string, seed: number): Variant[] {
  const out: Variant[] = [];
  for (const asked of of.asked) {
    const play = isPlay(asked);
    for (const road of asked.roads ?? (['virtual', 'TCP'] as const)) {
      if (play) {
        out.push({ number, case: of, asked, road, side: 'server', cut: 'whole', tongue: strict, seed });
        continue;
      }
      for (const tongue of asked.tongues ?? [strict]) {
        for (const side of asked.sides ?? sides) {
          for (const cut of cutsOf(asked, tongue)) {
            out.push({ number, case: of, asked, side, road, cut, tongue, seed: seed + out.length });
          }
        }
      }
    }
  }
  return [...out, ...pythonsOf(of, number, seed)];
}

/** Scripts of one case that the Python original is put to; it is slow to start, and slower where it waits in vain. */
const mostForPython = 2;

function pythonsOf(of: Case, number: string, seed: number): Variant[] {
  const able = of.asked.filter((asked): asked is Script => !isPlay(asked) && !whyNotPython(asked));
  const step = Math.max(1, Math.ceil(able.length / mostForPython));
  return able
    .filter((_, at) => at % step === 0)
    .flatMap((asked) =>
      versions.flatMap((python) =>
        (asked.sides ?? sides).map(
          (side): Variant => ({
            number,
            case: of,
            asked,
            side,
            road: 'TCP',
            cut: 'whole',
            tongue: strict,
            seed,
            python,
          }),
        ),
      ),
    );
}

/** Cuts that differ. A message that the framing cannot carry leaves none. */
function cutsOf({ peer, cuts: wanted = cuts }: Script, tongue: Tongue): readonly CutName[] {
  try {
    const longest = Math.max(0, ...runs(peer, tongue));
    if (longest <= 1) return ['whole'];
    return longest === 2 ? wanted.filter((cut) => cut !== 'at random') : wanted;
  } catch {
    return [];
  }
}

/** How many bytes are said at once, each time. */
function runs(steps: readonly Step[], tongue: Tongue): number[] {
  const out = [0];
  for (const step of steps) {
    if (step.does === 'says') out[out.length - 1] = (out.at(-1) ?? 0) + step.word(tongue).bytes.length;
    else out.push(0);
  }
  return out;
}
