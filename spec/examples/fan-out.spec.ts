import { paced, reconnect } from 'rx-tinyproto';
import { type MarbleHelpers, marbles, reset } from 'rx-tinyproto/testing';
import { map, mergeMap, switchMap, takeUntil, timer } from 'rxjs';
import { describe, it } from 'vitest';
import { agency, fanOut, newsOptions, reader } from '../../examples/fan-out/flow.js';

const news = { t: 'sport.tennis 6:4', c: 'sport.chess draw', w: 'weather.north rain', x: 'sport' };

const wanted = {
  a: 'somebody wants sport.*',
  b: 'somebody wants weather.north',
  c: 'somebody wants *',
  d: 'somebody wants sport',
  e: 'somebody wants *',
};

const relay = (run: MarbleHelpers, diagram: string) =>
  run.listen('relay:1', newsOptions).pipe(
    fanOut(run.cold(diagram, news).pipe(paced())),
    map((line) => line.replace(/^.* wants/, 'somebody wants')),
  );

const reads = ({ connect }: MarbleHelpers, wish: string, at = 0) =>
  timer(at).pipe(
    mergeMap(() => connect('relay:1', newsOptions)),
    reader(wish),
  );

describe('the fan-out example', () => {
  it(
    'passes on to each reader what it wants, and ends in order when there are no more news',
    marbles((run) => {
      const news$ = '  --t-w-c-x--|';
      const sport = '  --t---c----|';
      const north = '  ----w------|';
      const all = '    --t-w-c-x--|';
      const late = '       ------c-x--|'; // comes at 5
      const exact = '      --------x--|';
      const wishes = '     [abcd]----e-----|';

      run.expectObservable(relay(run, news$)).toBe(wishes, wanted);
      run.expectObservable(reads(run, 'sport.*')).toBe(sport, news);
      run.expectObservable(reads(run, 'weather.north')).toBe(north, news);
      run.expectObservable(reads(run, '*')).toBe(all, news);
      run.expectObservable(reads(run, '*', 5)).toBe(late, news);
      run.expectObservable(reads(run, 'sport')).toBe(exact, news);
    }),
  );

  it(
    'sends a reader who has said no wish nothing, and follows one who changes it',
    marbles((run) => {
      run.run(relay(run, '--t-w-c-w'));
      const silent = run.peer('relay:1').sends('<ff>');
      run.expectBytes(silent).toBe('<ff>');
      const wishes$ = run.hot('-s---w', { s: 'sport.*', w: 'weather.*' });
      const changing$ = run.connect('relay:1', newsOptions).pipe(
        mergeMap((conn) => {
          run.expectMessages(conn).toBe('--t-----w|', news);
          return wishes$.pipe(mergeMap((wish) => conn.send(wish)));
        }),
      );
      run.run(changing$.pipe(takeUntil(timer(9))));
    }),
  );

  it(
    'goes on when the agency comes back',
    marbles((run) => {
      const news$ = '   -t-w-c-x-t-w';
      const cut = '     ----x'; // and dialled again after 3 ms
      const reader$ = ' -t-w-----t-w'; // what was said meanwhile is missed

      const told$ = run.hot(news$, news);
      run.run(run.listen('agency:1', newsOptions).pipe(agency(told$)));
      const relayed$ = run.connect('agency:1', newsOptions).pipe(
        reconnect({ minDelayMs: 3, maxDelayMs: 3, random: () => 1 }),
        switchMap((conn) => conn.messages$),
      );
      run.faults(cut, { x: reset({ to: 'agency:1' }) });
      run.run(run.listen('relay:1', newsOptions).pipe(fanOut(relayed$)));
      run.expectObservable(reads(run, '*'), '^-----------!').toBe(reader$, news);
    }),
  );
});
