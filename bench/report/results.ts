import type { Case } from '../case.js';
import type { Run } from '../measure.js';

/** Everything that one run of the bench has found, as it is kept. */
export interface Results {
  readonly date: string;
  readonly node: string;
  readonly machine: string;
  readonly repeat: number;
  readonly measureMs: number;
  /** Where more Nodes than one were compared. */
  readonly nodes?: readonly string[];
  readonly rows: readonly Row[];
}

export interface Row {
  readonly case: Case;
  /** Round by round, for each who took part. */
  readonly runs: Readonly<Record<string, readonly Run[]>>;
}

/** As it is kept: a line for each row, and no more digits than mean something. */
export function written(results: Results): string {
  const digits = (_: string, value: unknown) =>
    typeof value === 'number' ? Number(value.toPrecision(7)) : value;
  const lines = results.rows.map((row) => JSON.stringify(row, digits));
  const head = JSON.stringify({ ...results, rows: [] }, digits);
  return `${head.replace('"rows":[]', () => `"rows":[\n${lines.join(',\n')}\n]`)}\n`;
}
