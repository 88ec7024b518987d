import { figureOf, isMore, limit, medianOf, ours } from './figures.js';
import type { Results, Row } from './results.js';

const left = 250;
const width = 560;
const rowHeight = 30;
const colours = [
  '#d6336c',
  '#495057',
  '#adb5bd',
  '#1c7ed6',
  '#2f9e44',
  '#f08c00',
  '#7048e8',
  '#0c8599',
  '#a61e4d',
];
const ticks = [0.003, 0.01, 0.03, 0.1, 0.3, 1, 3];
const first = Math.log(ticks[0] as number);
const last = Math.log(ticks.at(-1) as number);

/** How everybody does beside `raw-tuned`, case by case, on a logarithmic scale: further right is better. */
export function plot({ rows, date, node }: Results): string {
  const names = [...new Set(rows.flatMap(({ runs }) => Object.keys(runs)))];
  const top = 34 + 18 * Math.ceil(names.length / 3);
  const bottom = top + rowHeight * rows.length;
  const title = `Beside the loop by hand, raw-tuned = 1 (${date.slice(0, 10)}, Node ${node}); further right is better`;
  const lines = ticks.map(
    (tick) =>
      `<line x1="${x(tick)}" y1="${top}" x2="${x(tick)}" y2="${bottom}" stroke="#868e96" stroke-opacity="${tick === 1 ? 1 : 0.3}"/>` +
      text(x(tick), bottom + 16, String(tick), 'middle'),
  );
  const legend = names.map((name, at) => {
    const [column, line] = [at % 3, Math.floor(at / 3)];
    const [cx, cy] = [20 + 270 * column, 36 + 18 * line];
    return dot(cx, cy, name, at) + text(cx + 10, cy + 4, name);
  });
  const dots = rows.map((row, at) => dotsOf(row, names, top + rowHeight * (at + 0.5)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${left + width + 30} ${bottom + 26}" font-family="sans-serif" font-size="12" fill="#868e96">`,
    `<title>${title}</title>`,
    text(12, 18, title),
    ...legend,
    ...lines,
    ...dots,
    '</svg>\n',
  ].join('\n');
}

function dotsOf(row: Row, names: readonly string[], y: number): string {
  const { title, measure } = row.case;
  const value = (name: string) => medianOf(row, name, (run) => figureOf(run, measure));
  const dots = names.flatMap((name, at) => {
    const times = value(name) / value(limit);
    const better = isMore(measure) ? times : 1 / times;
    return Number.isNaN(better) ? [] : [dot(x(better), y, name, at)];
  });
  // Ours on top.
  return text(left - 10, y + 4, title.replaceAll('`', ''), 'end') + dots.reverse().join('');
}

function x(times: number): number {
  const part = (Math.log(times) - first) / (last - first);
  return Math.round(left + width * Math.min(1, Math.max(0, part)));
}

function dot(cx: number, cy: number, name: string, at: number): string {
  const colour = colours[at % colours.length];
  return `<circle cx="${cx}" cy="${cy}" r="${name === ours ? 6 : 4}" fill="${colour}"><title>${name}</title></circle>`;
}

function text(atX: number, y: number, words: string, anchor = 'start'): string {
  return `<text x="${atX}" y="${y}" text-anchor="${anchor}">${words}</text>`;
}
