import type { Timed } from './diagram.js';
import { isLetter, type Labels, labels } from './labels.js';
import type { Row, Scene } from './scene.js';

/** A moment of a scene at which something happens, and where it stands in the drawing. */
export interface Column {
  readonly frame: number;
  /** The first character of it, counted from where the rows begin. */
  readonly at: number;
  readonly width: number;
  /** What stands before it in every row: the time since the last one. */
  readonly gap: string;
}

/** A scene laid out on one ruler. */
export interface Layout {
  readonly columns: readonly Column[];
  readonly labels: Labels;
  /** The rows as diagrams. Each can be pasted: spaces take no time. */
  readonly lines: readonly { readonly row: Row; readonly text: string }[];
}

/** Shorter waits are drawn in dashes, longer ones are written. */
const mostDashes = 9;

/** Lays rows out, so that what happens in the same millisecond stands in the same column. */
export function layOut({ rows }: Scene): Layout {
  const names = labels(rows.flatMap(({ marks }) => marks.flatMap(letterOf)));
  const tokens = rows.map(({ marks }) => tokensOf(marks, names));
  const frames = [...new Set(tokens.flatMap((row) => [...row.keys()]))].sort((a, b) => a - b);
  const columns = columnsOf(frames, tokens);
  return {
    columns,
    labels: names,
    lines: rows.map((row, index) => ({ row, text: lineOf(columns, tokens[index] ?? new Map()) })),
  };
}

function letterOf({ notification }: Timed): string[] {
  return notification.kind === 'N' && typeof notification.value === 'string' && isLetter(notification.value)
    ? [notification.value]
    : [];
}

/** What a row says in each of its frames. */
export function tokensOf(marks: readonly Timed[], names: Labels): ReadonlyMap<number, string> {
  const all = new Map<number, string[]>();
  for (const { frame, notification } of marks) {
    const here = all.get(frame) ?? [];
    here.push(names.of(notification));
    all.set(frame, here);
  }
  return new Map(
    [...all].map(([frame, [first = '', ...rest]]) => [
      frame,
      rest.length ? `[${first}${rest.join('')}]` : first,
    ]),
  );
}

function columnsOf(frames: readonly number[], tokens: readonly ReadonlyMap<number, string>[]): Column[] {
  const columns: Column[] = [];
  let at = 0;
  let free = 0;
  for (const frame of frames) {
    const gap = wait(frame - free);
    const width = Math.max(...tokens.map((row) => row.get(frame)?.length ?? 1));
    columns.push({ frame, at: at + gap.length, width, gap });
    at += gap.length + width;
    free = frame + 1;
  }
  return columns;
}

/** So many milliseconds, as a diagram says it. */
function wait(ms: number): string {
  if (ms <= 0) return '';
  return ms <= mostDashes && Number.isInteger(ms) ? '-'.repeat(ms) : ` ${ms}ms `;
}

function lineOf(columns: readonly Column[], tokens: ReadonlyMap<number, string>): string {
  const last = Math.max(...tokens.keys());
  return columns
    .filter(({ frame }) => frame <= last)
    .map(({ frame, gap, width }) => gap + (tokens.get(frame) ?? '-').padEnd(width))
    .join('')
    .trimEnd();
}

/** The milliseconds above the columns, as many as find room. */
export function rulerOf(columns: readonly Column[]): string {
  let line = '';
  for (const { frame, at } of columns) {
    if (line.length > 0 && at < line.length + 1) continue;
    line = line.padEnd(at) + String(frame);
  }
  return line;
}

/** A row alone, as a diagram to paste. */
export function diagramOf(marks: readonly Timed[], names: Labels): string {
  const tokens = tokensOf(marks, names);
  return written([...tokens].sort(([one], [other]) => one - other));
}

/** Tokens with the times at which they stand, in order, as a diagram. One that comes too early stands right behind the one before. */
export function written(tokens: Iterable<readonly [frame: number, token: string]>, start = 0): string {
  let free = start;
  let diagram = '';
  for (const [frame, token] of tokens) {
    diagram += wait(frame - free) + token;
    free = Math.max(frame, free) + 1;
  }
  return diagram.trim();
}
