import { columnOf as pythonColumn, versions, whyNotPython } from './pythons.js';
import { type Case, isPlay, type Script } from './suite.js';
import { everyTongue, oneWays, strict, tinyprotos } from './tongues.js';
import type { Variant } from './variants.js';
import type { Tongue } from './words.js';

/** What stands in a column of the report: what is spoken, or who speaks in place of our side. */
export const columnOf = ({ asked, tongue, python }: Pick<Variant, 'asked' | 'tongue' | 'python'>): string => {
  if (python) return pythonColumn(python);
  if (isPlay(asked)) return 'plays';
  return everyTongue.includes(tongue) ? tongue.name : 'other layouts';
};

/** A cell of the report that is empty, and why. */
export interface Absence {
  readonly column: string;
  readonly why: string;
}

/** The columns that cannot take part in a case, each with its reason. */
export function absences({ asked }: Case): Absence[] {
  const scripts = asked.filter((each): each is Script => !isPlay(each));
  const spoken = new Set(scripts.flatMap(({ tongues }) => tongues ?? [strict]));
  const ours = everyTongue.filter((tongue) => !spoken.has(tongue));
  return [
    ...ours.map((tongue) => ({ column: tongue.name, why: whyNot(tongue, scripts.length > 0, spoken) })),
    ...versions.flatMap((version) => {
      const reasons = new Set(scripts.map(whyNotPython));
      if (reasons.has(undefined)) return [];
      const why = [...reasons].join('; ') || 'it needs more than one peer, or more than a script';
      return [{ column: pythonColumn(version), why }];
    }),
  ];
}

function whyNot(tongue: Tongue, isScript: boolean, spoken: ReadonlySet<Tongue>): string {
  if (!isScript) return 'a play, which has one framing of its own';
  if (tinyprotos.includes(tongue))
    return tinyprotos.some((each) => spoken.has(each))
      ? 'it is about another mode'
      : 'it is about framings that answer nothing';
  if (oneWays.some((each) => spoken.has(each))) return 'its messages, or its waits, are not for this framing';
  return 'it is about answers, which this framing has none of';
}
