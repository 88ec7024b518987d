import { type Absence, columnOf } from './columns.js';
import type { Result } from './run.js';
import { nameOf } from './variants.js';

/** One line of the report. */
export interface Row {
  readonly case: string;
  readonly title: string;
  readonly variant: string;
  /** What was spoken, or which peer did. */
  readonly column: string;
  /** `differs`: what the Python original does otherwise; no failure of ours. `skipped`: a program that it needs is not here. */
  readonly verdict: 'passed' | 'failed' | 'differs' | 'skipped';
  /** How our connection ended. */
  readonly reason: string;
  readonly ms: number;
  readonly wrong: readonly string[];
}

/** A whole run. */
export interface Report {
  readonly date: string;
  readonly node: string;
  readonly seed: number;
  readonly seconds: number;
  readonly chapters: readonly { readonly number: number; readonly title: string }[];
  readonly rows: readonly Row[];
  /** By the number of a case, the columns that cannot take part in it. */
  readonly absent: Readonly<Record<string, readonly Absence[]>>;
}

export const rowOf = ({ variant, wrong, reason, ms, skipped, foreign }: Result): Row => ({
  case: variant.number,
  title: variant.case.title,
  variant: nameOf(variant),
  column: columnOf(variant),
  verdict: skipped !== undefined && wrong.length === 0 ? 'skipped' : verdictOf(wrong, foreign),
  reason,
  ms: Math.round(ms * 10) / 10,
  wrong: skipped === undefined ? wrong : [...wrong, `not here: ${skipped}`],
});

const verdictOf = (wrong: readonly string[], foreign: true | undefined) =>
  wrong.length === 0 ? 'passed' : foreign ? 'differs' : 'failed';

export const failed = ({ rows }: Pick<Report, 'rows'>): Row[] =>
  rows.filter(({ verdict }) => verdict === 'failed');
