import { readFileSync } from 'node:fs';
import { bestPeer, figureOf, limit, medianOf, ours } from '../bench/report/figures.js';
import { nodesTable } from '../bench/report/nodes.js';
import type { Results, Row } from '../bench/report/results.js';
import { circumstances, everybody, goals, sizes, table } from '../bench/report/table.js';
import { root } from '../spec/helpers/docs-fences.js';

// What the page about performance takes from the results of the bench, which are kept beside it.

/** The blocks of the page. */
export function performanceBlocks(): Record<string, string> {
  const latest = kept<Results>('latest');
  // The same without the other libraries, which takes less time, and so can be repeated when the library has changed.
  const limited = kept<Results>('limit');
  const nodes = kept<Results>('nodes');
  const micro = kept<readonly { readonly name: string; readonly nanoseconds: number }[]>('micro');
  return {
    'performance-goals': [circumstances(limited), goals(limited.rows, latest.rows)].join('\n\n'),
    'performance-in-short': inShort(latest),
    'performance-everybody': [circumstances(latest), everybody(latest.rows)].join('\n\n'),
    'performance-sizes': sizes(kept<Record<string, number>>('sizes')),
    'performance-nodes': [circumstances(nodes), nodesTable(nodes)].join('\n\n'),
    'performance-micro': table(
      ['alone, without sockets', 'a message'],
      micro.map(({ name, nanoseconds }) => [name, `${nanoseconds} ns`]),
    ),
  };
}

/** What the readme says of it. */
function inShort({ date, machine, rows }: Results): string {
  const rate = (name: string, who: (row: Row) => string | undefined) => {
    const row = rows.find((each) => each.case.name === name);
    if (row === undefined) throw new Error(`the results have no case ${name}`);
    const value = medianOf(row, who(row) ?? '', (run) => figureOf(run, row.case.measure));
    return value < 1e6
      ? Number(value.toPrecision(3)).toLocaleString('en')
      : `${(value / 1e6).toFixed(1)} million`;
  };
  const both = (who: (row: Row) => string | undefined) => [rate('one-way-64', who), rate('echo-64', who)];
  const [stream, echoes] = both(() => ours);
  const by = (who: (row: Row) => string | undefined) => both(who).join(' and ');
  return `${date.slice(0, 10)}, ${machine}, messages of 64 bytes: ${stream} a second in a stream, and ${echoes} echoes. A loop by hand, with nothing but the bytes, makes ${by(() => limit)}; the best other library, ${by(bestPeer)}.`;
}

function kept<T>(name: string): T {
  return JSON.parse(readFileSync(`${root}bench/results/${name}.json`, 'utf8')) as T;
}
