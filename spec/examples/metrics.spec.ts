import { consume, converse, paced } from 'rx-tinyproto';
import { type MarbleHelpers, marbles } from 'rx-tinyproto/testing';
import { mergeMap, takeUntil, timer } from 'rxjs';
import { describe, it } from 'vitest';
import {
  type CollectOptions,
  collect,
  type Sample,
  sampleOptions,
  show,
  summaryOptions,
} from '../../examples/metrics/flow.js';

const samples: Record<string, Sample> = {
  1: { name: 'cpu', value: 1 },
  2: { name: 'cpu', value: 2 },
  6: { name: 'cpu', value: 6 },
  m: { name: 'memory', value: 100 },
};
const summaries = {
  a: { name: 'cpu', count: 3, min: 1, mean: 3, max: 6, p95: 6 },
  m: { name: 'memory', count: 1, min: 100, mean: 100, max: 100, p95: 100 },
  b: { name: 'cpu', count: 1, min: 2, mean: 2, max: 2, p95: 2 },
  c: { name: 'cpu', count: 2, min: 1, mean: 1.5, max: 2, p95: 2 },
};

const collector = ({ listen, cold }: MarbleHelpers, stop: string, options: CollectOptions) =>
  listen('collector:1', sampleOptions).pipe(takeUntil(cold(stop)), collect(options));

const agent = ({ connect, cold }: MarbleHelpers, measures: string) =>
  connect('collector:1', sampleOptions).pipe(
    converse((conn) =>
      cold(measures, samples).pipe(
        paced(),
        consume((sample) => conn.send(sample)),
      ),
    ),
  );

describe('the metrics example', () => {
  it(
    'sums up each while, name by name, over all who measure',
    marbles((run) => {
      const agent1 = '  -1---6----------|';
      const agent2 = '  --m-2--------2----';
      const stop = '    ------------------------s';
      const summary$ = '----------[am]---------b---|';

      run.expectObservable(collector(run, stop, { periodMs: 10 })).toBe(summary$, summaries);
      run.run(agent(run, agent1));
      run.run(agent(run, agent2).pipe(takeUntil(timer(20))));
    }),
  );

  it(
    'ends a while early that has as many samples as there may be',
    marbles((run) => {
      const agent1 = '  -1-2-----2---|';
      const stop = '    --------------------s';
      const summary$ = '---c---------b------|';

      run.expectObservable(collector(run, stop, { periodMs: 10, maxSamples: 2 })).toBe(summary$, summaries);
      run.run(agent(run, agent1));
    }),
  );

  it(
    'cuts off who sends what is no sample, and nobody else',
    marbles((run) => {
      const agent1 = '  -1---6---2---|';
      const vandals = [
        `'{"name":"cpu"}\n'`,
        `'{"name":"cpu","value":"1"}\n'`,
        `'{"name":"\\u001b[2J","value":1}\n'`,
        `'x\n'`,
      ];
      run
        .expectObservable(collector(run, '------------------s', { periodMs: 10 }))
        .toBe('----------a-------|', summaries);
      run.run(agent(run, agent1));
      for (const vandal of vandals) {
        run.expectBytes(run.peer('collector:1').sends(`--${vandal}`)).toBe('--#');
      }
      run.expectBytes(run.peer('collector:1').sends(`--'${'x'.repeat(1_025)}'`)).toBe('--|');
    }),
  );

  it(
    'shows summaries to all who watch, and ends with them',
    marbles((run) => {
      const summary$ = '-a--m--b-|';
      const first = '   -a--m--b-|';
      const late = '    ----m--b-|'; // comes at 2

      run.run(run.listen('watch:1', summaryOptions).pipe(show(run.hot(summary$, summaries))));
      const watched$ = run.connect('watch:1', summaryOptions).pipe(converse((conn) => conn.messages$));
      run.expectObservable(watched$).toBe(first, summaries);
      run.expectObservable(timer(2).pipe(mergeMap(() => watched$))).toBe(late, summaries);
    }),
  );
});
