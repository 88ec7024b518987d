import { ascii, bytesOfText, hexOf } from './bytes.js';
import type { Timed } from './diagram.js';
import { explain, type Labels } from './labels.js';
import { type Column, diagramOf, layOut, rulerOf } from './ruler.js';
import type { Expectation, Row, RowKind, Scene } from './scene.js';

/** How a drawing is painted. */
export interface DrawOptions {
  /** Whether to use the colours of a terminal. @default false */
  readonly color?: boolean;
}

/**
 * Draws a scene: all rows on one ruler, and what the letters stand for.
 *
 *     ms              0  3   7
 *     client sends    a---------
 *     server expects  ---a---b
 */
export function drawScene(scene: Scene, { color = false }: DrawOptions = {}): string {
  return drawRows(scene, paints(color)).join('\n');
}

/** Draws where an expectation and what came part: the scene, a caret under the difference, its bytes, and a diagram to paste. */
export function drawDifference(
  scene: Scene,
  { name, actual, expected = [], site }: Expectation,
  index: number,
  { color = false }: DrawOptions = {},
): string {
  const paint = paints(color);
  const [came, drawn] = [actual[index], expected[index]];
  const frame = Math.min(came?.frame ?? Number.POSITIVE_INFINITY, drawn?.frame ?? Number.POSITIVE_INFINITY);
  const where = site ? ` (${site.line})` : '';
  return [
    `${name} differs at ${frame} ms${where}`,
    '',
    ...drawRows(around(scene, frame), paint, { name, frame }),
    '',
    ...compare(drawn, came, paint),
    '',
    `  to paste  ${paint.received(pasted(actual))}`,
  ].join('\n');
}

/** A diagram of what came, with the values that it needs. */
export function pasted(marks: readonly Timed[]): string {
  const { labels: names } = layOut({ rows: [{ name: '', kind: 'received', marks }] });
  const diagram = diagramOf(marks, names);
  const values = names.key().map(({ letter, value }) => `${letter}: ${explain(value)}`);
  const quote = diagram.includes("'") ? (diagram.includes('"') ? '`' : '"') : "'";
  return `${quote}${diagram}${quote}${values.length > 0 ? `, { ${values.join(', ')} }` : ''}`;
}

type Paint = Readonly<Record<RowKind | 'ruler' | 'caret', (text: string) => string>>;

/** The rows under their ruler, the caret, and the key. */
function drawRows(
  scene: Scene,
  paint: Paint,
  wrong?: { readonly name: string; readonly frame: number },
): string[] {
  const { columns, lines, labels: names } = layOut(scene);
  const indent = Math.max(4, ...scene.rows.map(({ name }) => name.length)) + 2;
  const row = (name: string, text: string) => `  ${name.padEnd(indent)}${text}`.trimEnd();
  const column = columns.find(({ frame }) => frame === wrong?.frame);
  return [
    ...(scene.title ? [scene.title] : []),
    paint.ruler(row('ms', rulerOf(columns))),
    ...lines.flatMap(({ row: { name, kind }, text }) => [
      paint[kind](row(name, text)),
      ...(column && name === `${wrong?.name} received` ? [paint.caret(row('', caret(column)))] : []),
    ]),
    ...keyOf(scene.rows, names),
  ];
}

const caret = ({ at, width }: Column) => ' '.repeat(at) + '^'.repeat(width);

function keyOf(rows: readonly Row[], names: Labels): string[] {
  const errors = rows.flatMap(({ name, marks }) =>
    marks.flatMap(({ notification }) =>
      notification.kind === 'E' && notification.error instanceof Error
        ? [`  ${name}: # is ${explain(notification.error)}`]
        : [],
    ),
  );
  const values = names.key().map(({ letter, value }) => `  ${letter} is ${explain(value)}`);
  return errors.length + values.length > 0 ? ['', ...values, ...errors] : [];
}

/** So many moments to either side of a difference are drawn. */
const momentsAround = 12;

/** The part of a scene that a reader needs to see what went wrong at a moment. */
function around(scene: Scene, frame: number): Scene {
  const frames = [...new Set(scene.rows.flatMap(({ marks }) => marks.map((mark) => mark.frame)))].sort(
    (a, b) => a - b,
  );
  const middle = frames.indexOf(frame);
  const from = frames[Math.max(0, middle - momentsAround)] ?? 0;
  const to = frames[Math.min(frames.length - 1, middle + momentsAround)] ?? 0;
  const rows = scene.rows.map((row) => ({
    ...row,
    marks: row.marks.filter((mark) => mark.frame >= from && mark.frame <= to),
  }));
  return { ...scene, rows };
}

/** What was drawn and what came, in full, bytes in both ways of writing them. */
function compare(drawn: Timed | undefined, came: Timed | undefined, paint: Paint): string[] {
  const values = [drawn, came].map((mark) =>
    mark?.notification.kind === 'N' ? mark.notification.value : undefined,
  );
  const inBytes = values.some((value) => value instanceof Uint8Array);
  const [one, other] = inBytes ? values.map(bytesOf) : [];
  if (!one || !other || drawn?.frame !== came?.frame)
    return [paint.expected(`  expected  ${inWords(drawn)}`), paint.received(`  received  ${inWords(came)}`)];
  const at = firstOther(one, other);
  const from = Math.max(0, at - 8);
  const line = (bytes: Uint8Array) => {
    const piece = bytes.subarray(from, from + 24);
    return `${from > 0 ? '… ' : ''}${hexOf(piece)}`.padEnd(24 * 3 + 1) + ascii(piece);
  };
  const lead = from > 0 ? 2 : 0;
  return [
    paint.expected(`  expected  ${line(one)}`),
    paint.received(`  received  ${line(other)}`),
    paint.caret(
      `            ${' '.repeat(lead + (at - from) * 3)}^^ byte ${at} of ${one.length} and ${other.length}`,
    ),
  ];
}

function inWords(mark: Timed | undefined): string {
  if (!mark) return 'nothing more';
  const { frame, notification } = mark;
  if (notification.kind === 'C') return `the end at ${frame} ms`;
  const what =
    notification.kind === 'E' ? `the error ${explain(notification.error)}` : explain(notification.value);
  return `${what} at ${frame} ms`;
}

function bytesOf(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  return typeof value === 'string' ? bytesOfText(value) : undefined;
}

function firstOther(one: Uint8Array, other: Uint8Array): number {
  const at = one.findIndex((byte, index) => byte !== other[index]);
  return at < 0 ? one.length : at;
}

function paints(color: boolean): Paint {
  const ink = (code: number) => (text: string) => (color && text ? `\u001b[${code}m${text}\u001b[0m` : text);
  return {
    source: ink(36),
    wire: ink(36),
    faults: ink(35),
    flow: ink(34),
    span: ink(34),
    expected: ink(32),
    received: ink(31),
    ruler: ink(2),
    caret: ink(33),
  };
}
