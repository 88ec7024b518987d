import { ascii, bytesOfHex } from '../../testing/bytes.js';
import type { Mark } from '../batch.js';
import {
  heightOf,
  laneHeight,
  laneOf,
  type Marble,
  placeOf,
  radiusOf,
  rulerHeight,
  says,
  ticksOf,
} from './lane.js';
import type { Row, View } from './store.js';

const width = 1_000;
const names = 230;
const margin = 12;

/** What is in view, as a picture that looks like the page, light or dark as its surroundings are. The title of a marble has what it says. */
export function asSvg(rows: readonly Row[], view: View): string {
  const height = rulerHeight + rows.length * laneHeight + 2 * margin;
  const whole = names + width + 2 * margin;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${whole} ${height}" width="${whole}" height="${height}" role="img" aria-label="Connections as marbles">`,
    style,
    `<rect class="ground" width="${whole}" height="${height}"/>`,
    `<svg x="${names + margin}" y="${margin}" width="${width}" height="${height - margin}">`,
    ...ticksOf(view).map((at) => tick(at, placeOf(at, view, width), height)),
    ...rows.map((row, index) => lane(row, rulerHeight + (index + 0.5) * laneHeight, view)),
    '</svg>',
    ...rows.map((row, index) => name(row, margin + rulerHeight + (index + 0.5) * laneHeight)),
    '</svg>',
    '',
  ].join('\n');
}

const tick = (at: number, x: number, height: number) =>
  `<path class="line" d="M${round(x)} ${rulerHeight - 6}V${height}"/><text class="tick" x="${round(x)}" y="14">${at / 1_000} s</text>`;

const name = (row: Row, y: number) =>
  `<text${row.failed ? ' class="failed"' : ''} x="${margin}" y="${y + 4}">${escaped(cut(row.name))}</text>`;

function lane(row: Row, y: number, view: View): string {
  const { from, to, opened, stretches, marbles } = laneOf(row, view, width);
  return [
    ...(to > from ? [`<path class="line" d="M${round(from)} ${y}H${round(to)}"/>`] : []),
    ...(opened === undefined ? [] : [`<path class="opened" d="M${round(opened)} ${y - 4}v8"/>`]),
    ...stretches.map(
      ({ kind, from, to }) =>
        `<rect class="${kind}" x="${round(from)}" y="${kind === 'held' ? y - 3 : y + 11}" width="${round(to - from)}" height="${kind === 'held' ? 6 : 2}"/>`,
    ),
    ...marbles.map((marble) => drawn(marble, y)),
  ].join('\n');
}

function drawn({ mark, x }: Marble, y: number): string {
  const title = `<title>${escaped(titleOf(mark))}</title>`;
  const at = round(x);
  if (mark.kind === 'closed') return `<path class="end" d="M${at} ${y - 8}v16">${title}</path>`;
  if (mark.kind === 'failed' || mark.kind === 'error')
    return `<path class="error" d="M${at} ${y}m-5-5l10 10m0-10l-10 10">${title}</path>`;
  return `<circle class="${mark.kind}" cx="${at}" cy="${y + heightOf(mark)}" r="${round(radiusOf(mark))}">${title}</circle>`;
}

function titleOf({ kind, at, size = 0, hex = '', note }: Mark): string {
  const bytes = bytesOfHex(hex);
  const said = note ?? `${size} bytes: ${ascii(bytes.subarray(0, 64))}${size > 64 ? '…' : ''}`;
  return `${says[kind]} at ${(at / 1_000).toFixed(3)} s, ${said}`;
}

const style = `<style>
text{font:12px ui-monospace,monospace;fill:#1f2328}.tick{font-size:11px;text-anchor:middle;fill:#59636e}.failed{fill:#cf222e}
.ground{fill:#fff}.line{stroke:#d1d9e0}.opened{stroke:#59636e;stroke-width:2}.held,.paused{fill:#9a6700}.held{opacity:.8}
.in{fill:#0969da}.out{fill:none;stroke:#1a7f37;stroke-width:2}.end{stroke:#1f2328;stroke-width:2}.error{fill:none;stroke:#cf222e;stroke-width:2.5}
@media(prefers-color-scheme:dark){
text{fill:#e6edf3}.tick{fill:#9198a1}.failed{fill:#f85149}.ground{fill:#0d1117}.line{stroke:#3d444d}.opened{stroke:#9198a1}.held,.paused{fill:#d29922}
.in{fill:#58a6ff}.out{stroke:#3fb950}.end{stroke:#e6edf3}.error{stroke:#f85149}
}
</style>`;

const round = (value: number) => Math.round(value * 10) / 10;

const longestName = 30;
const cut = (text: string) => (text.length > longestName ? `${text.slice(0, longestName - 1)}…` : text);

/** As XML may hold it: most control characters have no place in it, however they are written, nor have halves of pairs. */
const escaped = (text: string) =>
  text.replace(noXml, '\ufffd').replaceAll('&', '&amp;').replaceAll('<', '&lt;');

const noXml =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu;
