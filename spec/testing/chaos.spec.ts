import { type Connection, consume, converse, lines, serve, text } from 'rx-tinyproto';
import { chaos, type MarbleHelpers } from 'rx-tinyproto/testing';
import { concatMap, from, ignoreElements, merge, NEVER, of, take, tap, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';
import {
  broadcastScenario,
  echoScenario,
  farewellScenario,
  reconnectScenario,
  relayScenario,
} from './chaos-scenarios.js';

const failure = (test: () => void): string => {
  try {
    test();
  } catch (error) {
    return (error as Error).message;
  }
  return '';
};

/** `chaos.deep.ts` has a thousand. */
const seeds = 20;

describe('chaos', () => {
  it(
    'echoes under 20 bad roads',
    chaos(echoScenario('tinyproto'), { latencyMs: 1, seeds, ends: ['server:1'] }),
  );

  it(
    'echoes lines under 20 bad roads',
    chaos(echoScenario('lines'), { latencyMs: 1, seeds, ends: ['server:1'] }),
  );

  for (const name of ['tinyproto', 'tinyprotoWide', 'lines'] as const) {
    it(
      `hears the last word under 20 bad roads: ${name}`,
      chaos(farewellScenario(name), { latencyMs: 1, seeds, ends: ['server:1'], windowBytes: 128 }),
    );
  }

  it(
    'relays under 20 bad roads',
    chaos(relayScenario('tinyproto'), { latencyMs: 1, seeds, ends: ['server:1', 'back:1'] }),
  );

  it(
    'broadcasts under 20 bad roads',
    chaos(broadcastScenario('tinyproto'), { latencyMs: 1, seeds, ends: ['server:1'] }),
  );

  it(
    'reconnects on 20 roads that lose wires',
    chaos(reconnectScenario('tinyproto'), { latencyMs: 1, seeds, ends: ['server:1'], lossy: true }),
  );

  it('names the seed and the faults of a failure, as few as do', () => {
    const impatient = ({ listen, connect, run }: MarbleHelpers) => {
      run(
        listen('server:1', { framing: lines(), codec: text() }).pipe(
          serve((conn) => conn.messages$.pipe(consume((line) => conn.send(line)))),
        ),
      );
      return connect('server:1', { framing: lines(), codec: text() }).pipe(
        converse((conn: Connection<string>) => {
          const first = merge(conn.messages$, conn.send('hello').pipe(ignoreElements())).pipe(take(1));
          const late = timer(40).pipe(
            tap(() => {
              throw new Error('too late');
            }),
          );
          return merge(first, late).pipe(take(1));
        }),
      );
    };
    const message = failure(chaos(impatient, { seeds: 200 }));
    expect(message).toMatch(
      /^Chaos, seed \d+: too late\n\n {2}to see it {3}faults\('.*', \{ a: [a-z]+\(.*\) \}\)\n {2}that seed {3}chaos\(scenario, \{ seeds: \[\d+\] \}\)$/,
    );
    const [seed = ''] = /(?<=seed )\d+/.exec(message) ?? [];
    expect(failure(chaos(impatient, { seeds: [Number(seed)] }))).toBe(message);
  });

  it('requires liveness', () => {
    expect(failure(chaos(() => NEVER, { seeds: 1 }))).toContain('does not complete');
    expect(failure(chaos(() => timer(100_000), { seeds: 1 }))).toContain(
      'does not complete within 60000 ms of the last fault',
    );
    expect(failure(chaos(() => of(1), { seeds: 1 }))).toBe('');
  });

  it('has the checks of every marble test', () => {
    const leaky = ({ hot }: MarbleHelpers) => {
      hot('a').subscribe();
      return from([1]).pipe(concatMap(() => of(1)));
    };
    expect(failure(chaos(leaky, { seeds: 1 }))).toContain('(open-subscriptions)');
  });
});
