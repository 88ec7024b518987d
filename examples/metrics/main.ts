import { cpuUsage, hrtime, memoryUsage } from 'node:process';
import { connect, converse, listen } from 'rx-tinyproto';
import { ignoreElements, interval, map, merge, mergeMap, pairwise, retry, takeUntil } from 'rxjs';
import { byRole, interrupt$, play, telling } from '../terminal.js';
import { collect, type Sample, type Summary, sampleOptions, show, summaryOptions } from './flow.js';

const usage = `usage: metrics collector [address for samples] [address for watchers]
       metrics agent [name] [address]
       metrics watch [address]
       metrics

  collector   gathers samples on 127.0.0.1:9501, and shows a summary of each second on 127.0.0.1:9502
  agent       measures itself, ten times a second
  watch       prints the summaries
  metrics     all of it in one process, with two agents

Samples and summaries are JSON in lines: echo '{"name":"x","value":1}' | nc -q1 127.0.0.1 9501`;

const samplesAddress = '127.0.0.1:9501';
const watchersAddress = '127.0.0.1:9502';

const collector = (samples = samplesAddress, watchers = watchersAddress) => {
  const summaries$ = listen(samples, {
    ...sampleOptions,
    openObserver: telling('Samples are taken on'),
  }).pipe(takeUntil(interrupt$), collect());
  return listen(watchers, { ...summaryOptions, openObserver: telling('Summaries are shown on') }).pipe(
    show(summaries$),
    map(line),
  );
};

/** What this process takes of a processor, in percent, and of memory, in MiB. */
const measured = (name: string) =>
  interval(100).pipe(
    map(() => ({ cpu: cpuUsage(), at: hrtime.bigint() })),
    pairwise(),
    mergeMap(([before, now]): Sample[] => {
      const busyUs = now.cpu.user - before.cpu.user + now.cpu.system - before.cpu.system;
      const percent = (100_000 * busyUs) / Number(now.at - before.at);
      return [
        { name: `${name}/cpu`, value: percent },
        { name: `${name}/memory`, value: memoryUsage().rss / 2 ** 20 },
      ];
    }),
  );

const agent = (name = 'agent', address = samplesAddress) =>
  connect(address, sampleOptions).pipe(
    converse((conn) => conn.sendAll(measured(name))),
    ignoreElements(),
    retry({ delay: 1_000 }),
    takeUntil(interrupt$),
  );

const watch = (address = watchersAddress) =>
  connect(address, summaryOptions).pipe(
    converse((conn) => conn.messages$),
    map(line),
    retry({ delay: 1_000 }),
    takeUntil(interrupt$),
  );

function line({ name, count, min, mean, max, p95 }: Summary): string {
  const figures = [min, mean, max, p95].map((figure) => figure.toFixed(1).padStart(9)).join('');
  return `${name.padEnd(20)}${String(count).padStart(5)} ×${figures}`;
}

const together = () => merge(collector(), agent('one'), agent('two'), watch());

play(usage, byRole({ collector, agent, watch, together }));
