import { type BoundAddress, connect, listen } from 'rx-tinyproto';
import { dashboard } from 'rx-tinyproto/dashboard';
import { ignoreElements, map, merge, type Observable, ReplaySubject, switchMap, take, takeUntil } from 'rxjs';
import { interrupt$, Misuse, play } from '../terminal.js';
import { crowd, crowdOptions, slowEcho } from './flow.js';

const usage = `usage: dashboard [people] [port]

  An echo server, a crowd that talks with it (20 people, or as many as you say), and the page that shows both.
  The page is on a port of the system's choice, or on the one that you name.`;

function run(people: number, port: number): Observable<string> {
  const shown = dashboard({ port });
  const bound$ = new ReplaySubject<readonly BoundAddress[]>(1);
  const server$ = listen(0, {
    ...crowdOptions,
    openObserver: bound$,
    eventObserver: shown.eventObserver,
  }).pipe(shown.watch(), slowEcho(20));
  const crowd$ = bound$.pipe(
    take(1),
    switchMap(([address = 0]) =>
      crowd(connect(address, crowdOptions), { people, everyMs: 400, stayMs: 20_000 }),
    ),
  );
  const page$ = shown.page$.pipe(map((url) => `Open ${url}`));
  return merge(page$, server$.pipe(ignoreElements()), crowd$).pipe(takeUntil(interrupt$));
}

play(usage, ([people = '20', port = '0', ...rest]) => {
  if (rest.length > 0 || !/^\d+$/.test(people) || !/^\d+$/.test(port)) throw new Misuse();
  return run(Number(people), Number(port));
});
