import { figureOf, limit, medianOf, ours, ratio } from './figures.js';
import type { Results, Row } from './results.js';
import { table, unit } from './table.js';

/** What somebody is called who runs on one Node of several. */
export const on = (node: string, name: string): string => `${name} on ${node}`;

/** The same cases on several Nodes, in turn: what ours does on each, and how near to the loop by hand on the same one. */
export function nodesTable({ rows, nodes = [] }: Results): string {
  return table(
    ['case', ...nodes.map((node) => `Node ${node}`)],
    rows.map((row) => [row.case.title, ...cells(row, nodes)]),
  );
}

function cells(row: Row, nodes: readonly string[]): string[] {
  const { measure } = row.case;
  const value = (run: Parameters<typeof figureOf>[0]) => figureOf(run, measure);
  return nodes.map((node) => {
    const mine = on(node, ours);
    const times = ratio(row, mine, on(node, limit), value).median;
    return `${unit(medianOf(row, mine, value), measure)} (${times.toFixed(2)})`;
  });
}
