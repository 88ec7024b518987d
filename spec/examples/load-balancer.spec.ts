import { converse, WireError } from 'rx-tinyproto';
import { calm, failDials, type MarbleHelpers, marbles, release, reset, stall } from 'rx-tinyproto/testing';
import { mergeMap, takeUntil, timer } from 'rxjs';
import { describe, it } from 'vitest';
import { asLongAs } from '../../examples/as-long-as.js';
import { balance, lineOptions, worker } from '../../examples/load-balancer/flow.js';
import { health } from '../../examples/load-balancer/health.js';

const options = { periodMs: 5, timeoutMs: 3, minDelayMs: 4, maxDelayMs: 4, random: () => 1 };

const dial = ({ connect }: MarbleHelpers, name: string) => connect(`${name}:1`, lineOptions);
const works = (run: MarbleHelpers, name: string) =>
  run.run(run.listen(`${name}:1`, lineOptions).pipe(worker(name)));

describe('whether a worker is well', () => {
  const answers = { t: true, f: false };

  it(
    'is false without a wire, true with the first answer, and false when the wire is lost, until there is another',
    marbles((run) => {
      const lost = '  --------x'; // asked at 0, 5, 10, 15; dialled again at 12
      const well$ = ' [ft]-------f------t';

      works(run, 'a');
      run.faults(lost, { x: reset() });
      run
        .expectObservable(dial(run, 'a').pipe(health(options)), '^-------------------!')
        .toBe(well$, answers);
    }),
  );

  it(
    'is false when an answer takes too long, though the wire is up, and an old answer counts for nothing',
    marbles((run) => {
      const road = '  --s-----------r'; // asked at 0, 5, 10, 15
      const well$ = ' [ft]-------f------t';

      works(run, 'a');
      run.faults(road, { s: stall(), r: release() });
      run
        .expectObservable(dial(run, 'a').pipe(health(options)), '^-------------------!')
        .toBe(well$, answers);
    }),
  );

  it(
    'is false while nobody is there, who is dialled for ever',
    marbles((run) => {
      run.faults('x', { x: failDials('connection-refused') });
      run.expectObservable(dial(run, 'a').pipe(health(options)), '^ 1s !').toBe('f', answers);
    }),
  );
});

describe('the load-balancer example', () => {
  const balancer = (run: MarbleHelpers, ...names: readonly string[]) =>
    run
      .listen('server:1', lineOptions)
      .pipe(balance(Object.fromEntries(names.map((name) => [name, dial(run, name)])), options));

  /** Comes at a time, says a line then and whenever the diagram says so, and shows the answers. */
  const comes = (run: MarbleHelpers, at: number, says: string) =>
    timer(at).pipe(
      mergeMap(() => run.connect('server:1', lineOptions)),
      converse((conn) => conn.messages$.pipe(asLongAs(run.cold(says).pipe(mergeMap(() => conn.send('hi')))))),
    );

  const seen = {
    a: 'a: HI',
    b: 'b: HI',
    1: 'a is away',
    2: 'b is away',
    3: 'a is well',
    4: 'b is well',
  };

  it(
    'gives each client the worker with the fewest, for as long as it stays',
    marbles((run) => {
      const workers = ' [1234]';
      const first = '   --a----a';
      const second = '  ---b'; // leaves at 6
      const third = '   ----a';
      const fourth = '  -------b';

      works(run, 'a');
      works(run, 'b');
      run.expectObservable(balancer(run, 'a', 'b'), '^-----------!').toBe(workers, seen);
      run.expectObservable(comes(run, 2, 'x----x'), '^----------!').toBe(first, seen);
      run.expectObservable(comes(run, 3, 'x'), '     ^-----!').toBe(second, seen);
      run.expectObservable(comes(run, 4, 'x'), '     ^----------!').toBe(third, seen);
      run.expectObservable(comes(run, 7, 'x'), '     ^----------!').toBe(fourth, seen);
    }),
  );

  it(
    'cuts clients off with their worker, and takes the next while it is away',
    marbles((run) => {
      const lost = '    ---x';
      const refused = ' ---x---------r'; // dialled again at 7, 11, 15, and asked at 20
      const workers = ' [1234]--1----------------3';

      works(run, 'a');
      works(run, 'b');
      run.faults(lost, { x: reset({ to: 'a:1' }) });
      run.faults(refused, { x: failDials('connection-refused', { to: 'a:1' }), r: calm() });
      run.expectObservable(balancer(run, 'a', 'b'), '^--------------------!').toBe(workers, seen);
      run
        .expectObservable(comes(run, 2, 'x'), '^-----------!')
        .toBe('--a#', seen, new WireError('reset', ''));
      run.expectObservable(comes(run, 4, 'x'), '^-----------!').toBe('----b', seen);
    }),
  );

  it(
    'takes the next at once where the worker that it chose is not there after all',
    marbles((run) => {
      works(run, 'a');
      works(run, 'b');
      run.faults('-x', { x: failDials('connection-refused', { to: 'a:1' }) });
      run.expectObservable(balancer(run, 'a', 'b'), '^--------------!').toBe('[1234]', seen);
      run.expectObservable(comes(run, 2, 'x'), '^-----------!').toBe('--b', seen);
    }),
  );

  it(
    'hangs up on who comes while no worker is well, and ends with its last client when it is stopped',
    marbles((run) => {
      const stop = '   -------s';
      const workers = '1---3--|';

      run.run(timer(3).pipe(mergeMap(() => run.listen('a:1', lineOptions).pipe(worker('a')))));
      const stopped$ = run
        .listen('server:1', lineOptions)
        .pipe(takeUntil(run.hot(stop)), balance({ a: dial(run, 'a') }, options));
      run.expectObservable(stopped$).toBe(workers, seen);
      run.expectObservable(comes(run, 1, '-')).toBe('-|');
      run.expectObservable(comes(run, 5, 'x')).toBe('-----a-|', seen);
    }),
  );
});
