import type { Measure } from '../case.js';
import {
  at99,
  bestPeer,
  effort,
  figureOf,
  isMore,
  limit,
  medianOf,
  ours,
  type Ratio,
  ratio,
} from './figures.js';
import type { Results, Row } from './results.js';

/** The results as a page of Markdown. */
export function page(results: Results): string {
  return [circumstances(results), goals(results.rows), everybody(results.rows), ''].join('\n\n');
}

export function circumstances({ date, machine, node, repeat, measureMs }: Results): string {
  return `${date.slice(0, 10)}, Node ${node}, ${machine}; medians of ${repeat} rounds of ${measureMs} ms, in turn.`;
}

/** Ours beside the limit, and beside the best of the others, who may have been measured in a run of their own. */
export function goals(rows: readonly Row[], withOthers = rows): string {
  const head = ['case', 'ours ÷ raw-tuned', 'goal', 'by processor time', 'ours', 'raw-tuned', 'best library'];
  const beside = (row: Row) => withOthers.find((other) => other.case.name === row.case.name) ?? row;
  return table(
    head,
    rows.flatMap((row) => goalLines(row, ahead(beside(row)))),
  );
}

function goalLines(row: Row, others: string): string[][] {
  const { title, measure, goal, goalAt99 } = row.case;
  const value = (run: Parameters<typeof at99>[0]) => figureOf(run, measure);
  const sign = isMore(measure) ? '≥' : '≤';
  const figures = (each: typeof at99, wanted: number) => [
    spread(ratio(row, ours, limit, each)),
    `${sign} ${wanted}`,
  ];
  const byProcessor = measure === 'memory' ? '' : ratio(row, limit, ours, effort).median.toFixed(2);
  const both = (each: typeof at99) => [ours, limit].map((name) => unit(medianOf(row, name, each), measure));
  const first = [title, ...figures(value, goal), byProcessor, ...both(value), others];
  if (goalAt99 === undefined) return [first];
  return [first, [`${title}, p99`, ...figures(at99, goalAt99), '', ...both(at99), '']];
}

function ahead(row: Row): string {
  const best = bestPeer(row);
  if (best === undefined) return '';
  const { measure, aheadOfPeers } = row.case;
  const value = (run: Parameters<typeof at99>[0]) => figureOf(run, measure);
  const times = medianOf(row, ours, value) / medianOf(row, best, value);
  const multiple = isMore(measure) ? times : 1 / times;
  const wanted = aheadOfPeers === undefined ? '' : ` (≥ ${aheadOfPeers})`;
  return `${best}: ${unit(medianOf(row, best, value), measure)}; ours × ${multiple.toFixed(1)}${wanted}`;
}

/** Each who took part, in each case. */
export function everybody(rows: readonly Row[]): string {
  const names = [...new Set(rows.flatMap(({ runs }) => Object.keys(runs)))];
  const lines = rows.map((row) => {
    const { title, measure } = row.case;
    return [
      title,
      ...names.map((name) =>
        unit(
          medianOf(row, name, (run) => figureOf(run, measure)),
          measure,
        ),
      ),
    ];
  });
  return table(['case', ...names], lines);
}

/** What is imported, and how many bytes that is. */
export function sizes(bytes: Readonly<Record<string, number>>): string {
  const lines = Object.entries(bytes).map(([what, size]) => [what, `${(size / 1_000).toFixed(2)} kB`]);
  return table(['minified and gzipped, without rxjs', 'size'], lines);
}

function spread({ median, least, most }: Ratio): string {
  if (Number.isNaN(median)) return '–';
  return `**${median.toFixed(2)}** (${least.toFixed(2)}–${most.toFixed(2)})`;
}

export function unit(value: number, measure: Measure): string {
  if (Number.isNaN(value)) return '–';
  if (measure === 'latency') return `${value.toFixed(1)} µs`;
  if (measure === 'memory') return `${(value / 1_024).toFixed(1)} KiB`;
  return `${Number(value.toPrecision(3)).toLocaleString('en')}/s`;
}

export function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const rows = [head, head.map(() => '---'), ...lines];
  return rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
