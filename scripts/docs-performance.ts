import { readFileSync } from 'node:fs';
import { nodesTable } from '../bench/report/nodes.js';
import type { Results } from '../bench/report/results.js';
import { circumstances, everybody, goals, sizes, table } from '../bench/report/table.js';
import { root } from '../spec/helpers/docs-fences.js';

// What the page about performance takes from the results of the bench, which are kept beside it.

/** The blocks of the page. */
export function performanceBlocks(): Record<string, string> {
  const latest = kept<Results>('latest');
  // The same without the other libraries, which takes less time, and so can be repeated when the library has changed.
  const limit = kept<Results>('limit');
  const nodes = kept<Results>('nodes');
  const micro = kept<readonly { readonly name: string; readonly nanoseconds: number }[]>('micro');
  return {
    'performance-goals': [circumstances(limit), goals(limit.rows, latest.rows)].join('\n\n'),
    'performance-everybody': [circumstances(latest), everybody(latest.rows)].join('\n\n'),
    'performance-sizes': sizes(limit.sizes),
    'performance-nodes': [circumstances(nodes), nodesTable(nodes)].join('\n\n'),
    'performance-micro': table(
      ['alone, without sockets', 'a message'],
      micro.map(({ name, nanoseconds }) => [name, `${nanoseconds} ns`]),
    ),
  };
}

function kept<T>(name: string): T {
  return JSON.parse(readFileSync(`${root}bench/results/${name}.json`, 'utf8')) as T;
}
