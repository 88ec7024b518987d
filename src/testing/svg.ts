import { explain } from './labels.js';
import { type Column, type Layout, layOut } from './ruler.js';
import type { Row, RowKind, Scene } from './scene.js';

/** How a picture is made. */
export interface SvgOptions {
  /** How wide it may get, in pixels, before the text becomes too small: longer rows are folded. @default 600 */
  readonly width?: number;
}

const line = 30;
const top = 34;
const letterWidth = 7.3;
const margin = 12;

/** The hues of the kinds, in light and in dark. */
const hues: Readonly<Record<RowKind, readonly [light: string, dark: string]>> = {
  source: ['#0969da', '#58a6ff'],
  wire: ['#0969da', '#58a6ff'],
  faults: ['#8250df', '#bc8cff'],
  flow: ['#9a6700', '#d29922'],
  span: ['#9a6700', '#d29922'],
  expected: ['#1a7f37', '#3fb950'],
  received: ['#cf222e', '#f85149'],
};

const symbols: Readonly<Record<string, string>> = { '|': 'the end', '#': 'an error' };

/**
 * Draws a scene as a picture: a lane for each row, a pill for each thing that happens, the milliseconds above. Light or dark as the page is.
 *
 *     writeFileSync('docs/pictures/echo.svg', drawSvg(scene));
 */
export function drawSvg(scene: Scene, { width = 600 }: SvgOptions = {}): string {
  const names = margin + 16 + Math.max(...scene.rows.map(({ name }) => name.length)) * letterWidth;
  const layout = layOut(scene);
  const places = placesOf(layout, width - names - margin);
  const key = keyOf(layout);
  const head = top + (scene.title ? 22 : 0);
  const lanes = scene.rows.map((row, index) =>
    lane(row, head + line * (index + 0.5), names, width, places, layout),
  );
  const foot = head + line * scene.rows.length + 8;
  const height = foot + key.length * 18 + (key.length > 0 ? 10 : 0);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(scene.title ?? 'A marble diagram')}">`,
    style(),
    `<rect class="ground" width="${width}" height="${height}" rx="8"/>`,
    ...(scene.title ? [`<text class="title" x="${margin}" y="26">${escaped(scene.title)}</text>`] : []),
    ruler(layout.columns, places, names, head),
    ...lanes,
    ...key.map(
      (text, index) =>
        `<text class="key" x="${margin}" y="${foot + 14 + index * 18}">${escaped(text)}</text>`,
    ),
    '</svg>',
    '',
  ].join('\n');
}

/** Where each column stands, so that all find room and long waits are short. */
function placesOf({ columns }: Layout, room: number): readonly number[] {
  const steps = columns.map(({ width, gap }, index) => {
    const half = pillWidth(width) / 2 + (index > 0 ? pillWidth(columns[index - 1]?.width ?? 1) / 2 : 0);
    return half + Math.min(gap.length, 8) * 5 + 3;
  });
  const total = steps.reduce((sum, step) => sum + step, 0) + pillWidth(columns.at(-1)?.width ?? 1) / 2;
  const scale = Math.min(1.6, room / Math.max(total, 1));
  let at = 0;
  return steps.map((step) => {
    at += step * scale;
    return at;
  });
}

const pillWidth = (characters: number) => Math.max(24, characters * letterWidth + 12);

function lane(
  row: Row,
  y: number,
  left: number,
  width: number,
  places: readonly number[],
  layout: Layout,
): string {
  const { columns, labels } = layout;
  const here = new Map<number, string[]>();
  for (const { frame, notification } of row.marks) {
    here.set(frame, [...(here.get(frame) ?? []), labels.of(notification)]);
  }
  const ends = row.marks.find(({ notification }) => notification.kind !== 'N');
  const end = ends
    ? left + (places[columns.findIndex(({ frame }) => frame === ends.frame)] ?? 0)
    : width - margin;
  const pills = columns.flatMap(({ frame }, index) => {
    const all = here.get(frame);
    return all ? [group(all, left + (places[index] ?? 0), y)] : [];
  });
  return [
    `<g class="${row.kind}">`,
    `<text class="name" x="${margin}" y="${y + 4}">${escaped(row.name)}</text>`,
    `<path class="time" d="M${round(left)} ${y}H${round(end)}"/>`,
    ...pills,
    '</g>',
  ].join('\n');
}

/** What one row says in one column. */
function group(all: readonly string[], x: number, y: number): string {
  const values = all.filter((text) => !(text in symbols)).join(' ');
  const parts: string[] = [];
  const half = values ? pillWidth(values.length) / 2 : 0;
  if (values) {
    parts.push(
      `<rect class="pill" x="${round(x - half)}" y="${y - 10}" width="${round(half * 2)}" height="20" rx="10"/>`,
    );
    parts.push(`<text class="value" x="${round(x)}" y="${y + 4}">${escaped(values)}</text>`);
  }
  const beside = x + (half > 0 ? half + 4 : 0);
  if (all.includes('|')) parts.push(`<path class="end" d="M${round(beside)} ${y - 11}V${y + 11}"/>`);
  if (all.includes('#'))
    parts.push(`<path class="end" d="M${round(beside - 6)} ${y - 7}l12 14m0-14l-12 14"/>`);
  return parts.join('\n');
}

function ruler(columns: readonly Column[], places: readonly number[], left: number, y: number): string {
  let free = Number.NEGATIVE_INFINITY;
  const numbers = columns.flatMap(({ frame }, index) => {
    const x = left + (places[index] ?? 0);
    const half = (String(frame).length * letterWidth) / 2;
    if (x - half < free) return [];
    free = x + half + 4;
    return [`<text class="number" x="${round(x)}" y="${y - 6}">${frame}</text>`];
  });
  return [`<text class="name ruler" x="${margin}" y="${y - 6}">ms</text>`, ...numbers].join('\n');
}

const keyOf = ({ labels }: Layout) =>
  labels.key().map(({ letter, value }) => `${letter} is ${explain(value)}`);

/** Its own colours for either ground: the picture may stand alone in a page that has no style for it. */
function style(): string {
  const inks = (which: 0 | 1) =>
    Object.entries(hues)
      .map(
        ([kind, hue]) =>
          `.${kind} .pill,.${kind} .end{stroke:${hue[which]}}.${kind} .value{fill:${hue[which]}}`,
      )
      .join('');
  return [
    '<style>',
    `text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}.title{font-weight:600;font-size:14px}.value,.number{text-anchor:middle}.number{font-size:11px}`,
    `.ground{fill:#fff;stroke:#d0d7de}.name,.title,.key{fill:#1f2328}.number,.ruler,.key{fill:#59636e}.time{stroke:#afb8c1;stroke-width:1.5}.pill{fill:#f6f8fa;stroke-width:1.5}.end{stroke-width:2.5;fill:none}`,
    inks(0),
    '@media(prefers-color-scheme:dark){',
    `.ground{fill:#0d1117;stroke:#3d444d}.name,.title{fill:#e6edf3}.number,.ruler,.key{fill:#9198a1}.time{stroke:#59636e}.pill{fill:#161b22}`,
    inks(1),
    '}',
    '</style>',
  ].join('\n');
}

const round = (value: number) => Math.round(value * 10) / 10;

/** XML has no place for most control characters, however they are written, nor for halves of pairs. */
const escaped = (text: string) =>
  text
    .replace(noXml, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');

const noXml =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu;
