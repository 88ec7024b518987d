import type { Case } from './case.js';
import type { Run } from './measure.js';

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

export function row(what: Case, runs: ReadonlyMap<string, readonly Run[]>): string {
  const rate = ({ messages, seconds }: Run) => messages / seconds;
  const base = runs.get('raw-tuned') ?? [];
  const lines = [...runs].map(([name, each]) => {
    const rates = each.map(rate);
    const ratios = each.map((run, at) => rate(run) / rate(base[at] ?? run));
    const cpu = (side: 'server' | 'client') =>
      median(each.map((run) => (1e9 * run.cpu[side]) / run.messages)).toFixed(0);
    const latency = (part: 'p50' | 'p99') => median(each.map((run) => run.latency?.[part] ?? Number.NaN));
    const lat =
      what.task.window === 1 && what.kind === 'echo'
        ? `p50 ${latency('p50').toFixed(1)} µs, p99 ${latency('p99').toFixed(1)} µs`
        : '';
    return `  ${name.padEnd(14)} ${Math.round(median(rates)).toString().padStart(9)}/s  ratio ${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})  ns/message: server ${cpu('server')}, client ${cpu('client')}  ${lat}`;
  });
  return [what.name, ...lines].join('\n');
}
