import cluster, { type Worker } from 'node:cluster';
import { availableParallelism } from 'node:os';
import { type BoundAddress, listen, text } from 'rx-tinyproto';
import { broadcast, clusterBus, clusterHub } from 'rx-tinyproto/cluster';
import { formatAddress } from 'rx-tinyproto/transport';
import {
  filter,
  finalize,
  fromEvent,
  ignoreElements,
  map,
  merge,
  mergeMap,
  Observable,
  range,
  takeUntil,
} from 'rxjs';
import { hall, hallOptions } from '../nats-chat/flow.js';
import { interrupt$, Misuse, play, tell } from '../terminal.js';

const usage = `usage: cluster [port] [workers]

One chat on 127.0.0.1:7010, or the port that you name, in one worker for each core, or as many as you name. Then, in other terminals: nc 127.0.0.1 7010,
and /who. Who talks to which worker is the system's choice; who is in the hall is not.`;

/** Shares its port with the other workers, and its hall. */
function worker(port: number): Observable<string> {
  const me = `worker ${cluster.worker?.id} (process ${process.pid})`;
  const openObserver = {
    next: ([bound]: readonly BoundAddress[]) => bound && tell(`${me}: Listening on ${formatAddress(bound)}`),
  };
  const room = broadcast<string>({ bus: clusterBus(), name: 'hall', codec: text(), whileAway: 'local-only' });
  const stop$ = merge(
    interrupt$,
    fromEvent(process, 'message', (word: unknown) => word).pipe(filter((word) => word === 'stop')),
  );
  return listen(port, { ...hallOptions, openObserver }).pipe(
    takeUntil(stop$),
    hall(room),
    map((line) => `${me}: ${line}`),
    // Its channel would keep it alive; and whoever is cut off from it ends as if nothing had failed.
    finalize(() => (process.exitCode ? process.exit() : process.disconnect())),
  );
}

/** Forks the workers, and passes on what they say to each other, until all have ended. */
function primary(workers: number): Observable<never> {
  cluster.setupPrimary({ args: ['cluster', ...process.argv.slice(2)] }); // behind which `npm run example` has found us
  const workers$ = range(0, workers).pipe(mergeMap(forked));
  return new Observable((subscriber) => {
    subscriber.add(clusterHub().subscribe());
    subscriber.add(workers$.subscribe(subscriber));
  });
}

function forked(): Observable<never> {
  return new Observable((subscriber) => {
    const child: Worker = cluster.fork();
    let listens = false;
    child.once('listening', () => (listens = true));
    child.once('exit', (code) => {
      if (code) process.exitCode = code;
      subscriber.complete();
    });
    // One that does not listen yet does not hear us either, and has nobody to say farewell to.
    const stop = () => (listens ? child.isConnected() && child.send('stop') : child.kill());
    subscriber.add(interrupt$.pipe(ignoreElements()).subscribe({ complete: stop }));
    subscriber.add(() => child.kill());
  });
}

/** A whole number, within bounds: a port that cannot be is no worker's to find out. */
function wholeNumber(word: string, least: number, most: number): number {
  const number = Number(word);
  if (!Number.isInteger(number) || number < least || number > most) throw new Misuse();
  return number;
}

play(usage, ([port = '7010', workers = `${availableParallelism()}`, ...rest]) => {
  if (rest.length > 0) throw new Misuse();
  const [at, count] = [wholeNumber(port, 0, 65_535), wholeNumber(workers, 1, 1_000)];
  return cluster.isPrimary ? primary(count) : worker(at);
});
