/**
 * Closes many connections spread over time: a server with so many clients, in a process of their own, is told to stop.
 * Prints how the ends were spread, whether each was in order, how late the loop ran meanwhile, and the memory.
 *
 *     npm run bench -- --case shutdown [connections = 10,000] [spreadMs = 10,000]
 */
import { fork } from 'node:child_process';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { type BoundAddress, connect, consume, listen, type ShutdownProgress, serve } from 'rx-tinyproto';
import {
  firstValueFrom,
  map,
  merge,
  mergeMap,
  Observable,
  ReplaySubject,
  range,
  Subject,
  takeUntil,
  timer,
} from 'rxjs';

const [first, second, port] = process.argv.slice(2).map(Number);
const [connections, spreadMs] = [first || 10_000, second || 10_000];

if (port) clients(port);
else await server();

/** Connects all, 100 at a time, has an echo from each, and counts how they end. */
function clients(at: number): void {
  const ends: Record<string, number> = {};
  const end = (how: string) => {
    ends[how] = (ends[how] ?? 0) + 1;
    if (Object.values(ends).reduce((sum, each) => sum + each) === connections) process.send?.(ends);
  };
  /** Emits when it has had its echo, or has failed. */
  const client = () =>
    new Observable<void>((ready) => {
      const echo$ = connect(at, { connectTimeoutMs: 60_000 }).pipe(
        mergeMap((conn) => merge(conn.messages$, conn.send(new Uint8Array(10)))),
      );
      echo$.subscribe({
        next: (echo) => echo && ready.complete(),
        error: (error) => {
          end(String(error.code));
          ready.complete();
        },
        complete: () => end('in order'),
      });
    });
  range(connections).pipe(mergeMap(client, 100)).subscribe();
}

async function server(): Promise<void> {
  const bound = new ReplaySubject<readonly BoundAddress[]>(1);
  const stop = new Subject<void>();
  const progress: { readonly at: number; readonly left: number }[] = [];
  let echoes = 0;
  const over = new Promise<void>((resolve, reject) => {
    listen(0, { openObserver: bound })
      .pipe(
        takeUntil(stop),
        serve(
          (conn, { stopping$ }) =>
            conn.messages$.pipe(
              takeUntil(stopping$),
              consume((message) => conn.send(message).pipe(map(() => echoes++))),
            ),
          {
            spreadMs,
            progressObserver: {
              next: ({ left }: ShutdownProgress) => progress.push({ at: performance.now(), left }),
            },
          },
        ),
      )
      .subscribe({ error: reject, complete: resolve });
  });
  const [address] = await firstValueFrom(bound);
  const to = address && 'port' in address ? address.port : 0;
  const began = performance.now();
  const child = fork(fileURLToPath(import.meta.url), [connections, spreadMs, to].map(String));
  const ends = new Promise((resolve) => child.once('message', resolve));
  while (echoes < connections) await firstValueFrom(timer(20));
  console.log(`${connections} connections, each with an echo, in ${seconds(performance.now() - began)} s`);
  const memory = process.memoryUsage();
  console.log(
    `server: ${Math.round(memory.rss / (1 << 20))} MiB, heap ${Math.round(memory.heapUsed / (1 << 20))} MiB`,
  );

  const late = monitorEventLoopDelay({ resolution: 10 });
  late.enable();
  const stopped = performance.now();
  const cpu = process.cpuUsage();
  stop.next();
  await over;
  const { user, system } = process.cpuUsage(cpu);
  late.disable();
  console.log(
    `all closed ${seconds(performance.now() - stopped)} s after the stop; ${seconds((user + system) / 1_000)} s of processor time; the loop was late by ${(late.percentile(99) / 1e6).toFixed(0)} ms at most in 99 %`,
  );
  const tenths = Array.from({ length: 10 }, () => 0);
  for (const { at } of progress.slice(1)) {
    const tenth = Math.min(9, Math.floor((10 * (at - stopped)) / spreadMs));
    tenths[tenth] = (tenths[tenth] ?? 0) + 1;
  }
  console.log('closed in each tenth of the spread:', tenths.join(' '));
  console.log('what the clients saw:', await ends);
  child.kill();
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1);
}
