import { connect, listen } from 'rx-tinyproto';
import { merge, repeat, takeUntil, timer } from 'rxjs';
import { lockstep } from '../lockstep.js';
import { byRole, interrupt$, linesOf, Misuse, play, telling } from '../terminal.js';
import { balance, lineOptions, worker } from './flow.js';

const usage = `usage: load-balancer worker name [address]
       load-balancer balancer address worker-address…
       load-balancer client [address]
       load-balancer

  worker          answers lines loudly, on 127.0.0.1:9401
  balancer        gives each client the worker that is well and has the fewest clients
  client          says what is typed or piped in
  load-balancer   a balancer on 127.0.0.1:9400 with three workers, of which the second is away every other 5 s`;

const front = '127.0.0.1:9400';

const working = (name = '', address = '127.0.0.1:9401') => {
  if (name === '') throw new Misuse();
  const openObserver = telling(`Worker ${name} listens on`);
  return listen(address, { ...lineOptions, openObserver }).pipe(takeUntil(interrupt$), worker(name));
};

const balancer = (address = front, ...workers: readonly string[]) => {
  if (workers.length === 0) throw new Misuse();
  const dialled = workers.map((each) => [each, connect(each, lineOptions)] as const);
  const openObserver = telling('The balancer listens on');
  return listen(address, { ...lineOptions, openObserver }).pipe(
    takeUntil(interrupt$),
    balance(Object.fromEntries(dialled)),
  );
};

const client = (address = front) =>
  connect(address, lineOptions).pipe(lockstep(linesOf(process.stdin)), takeUntil(interrupt$));

/** Works for 5 s, and is away for 5 s. */
const moody$ = working('b', '127.0.0.1:9402').pipe(
  takeUntil(timer(5_000)),
  repeat({ delay: 5_000 }),
  takeUntil(interrupt$),
);

const together = () =>
  merge(
    working('a'),
    moody$,
    working('c', '127.0.0.1:9403'),
    balancer(front, ...[9401, 9402, 9403].map((port) => `127.0.0.1:${port}`)),
  );

play(usage, byRole({ worker: working, balancer, client, together }));
