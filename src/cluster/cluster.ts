import cluster, { type Worker } from 'node:cluster';
import { defer, filter, from, fromEvent, map, merge, type Observable, of } from 'rxjs';
import type { Bus } from '../span/bus.js';
import type { Channel, Word } from './channel.js';
import { channelBus } from './channel-bus.js';
import { type HubOptions, hub } from './hub.js';

/** Our words among what else a program sends over the same channel. */
interface Envelope {
  readonly rxTinyproto: Word;
}

/**
 * The bus between the workers of a `node:cluster`, in a worker; the primary runs `clusterHub()`. Takes part as soon as somebody needs it.
 *
 *     worker 1                primary             worker 2
 *     publish ──process.send──▶ clusterHub ──worker.send──▶ receive
 *
 * There is one in a process, however often it is asked for. A letter has at most 1 MiB. It is confirmed when the primary has it; what a room sends waits within the bounds of the room until then. `away` while the primary passes nothing on. Throws a `TypeError` outside of a worker.
 */
export function clusterBus(): Bus {
  present ??= busOf();
  return present;
}

/** Two on one channel would each hear what is said to the other. */
let present: Bus | undefined;

function busOf(): Bus {
  if (!process.send)
    throw new TypeError('clusterBus() is for the workers of a cluster, and this process has no primary');
  return channelBus({
    words$: wordsOf(fromEvent(process, 'message')),
    send(rxTinyproto, done) {
      if (process.connected) process.send?.({ rxTinyproto }, undefined, {}, done);
      else done();
    },
    closed$: defer(() => (process.connected ? fromEvent(process, 'disconnect') : of(undefined))),
  });
}

/**
 * Passes on what the workers of this process publish on their `clusterBus()`, for as long as it is subscribed: those that are there, and those that come. Emits nothing. What waits for a worker
 * that does not read is bounded by `maxPendingBytes` (default 16 MiB): beyond that letters to it are dropped, and its rooms find out by the numbers.
 *
 * @example
 * ```ts
 * import cluster from 'node:cluster';
 * import { clusterHub } from 'rx-tinyproto/cluster';
 *
 * if (cluster.isPrimary) clusterHub().subscribe(); // and cluster.fork(), once for each core
 * ```
 */
export function clusterHub(options?: HubOptions): Observable<never> {
  const present$ = from(Object.values(cluster.workers ?? {}));
  const forked$ = fromEvent(cluster, 'fork') as Observable<Worker>;
  const workers$ = merge(present$, forked$).pipe(filter((worker): worker is Worker => worker !== undefined));
  return hub(workers$.pipe(map(channelOf)), options);
}

function channelOf(worker: Worker): Channel {
  return {
    words$: wordsOf(fromEvent(worker, 'message')),
    send(rxTinyproto, done) {
      if (worker.isConnected()) worker.send({ rxTinyproto }, undefined, {}, done);
      else done();
    },
    closed$: merge(fromEvent(worker, 'disconnect'), fromEvent(worker, 'exit')),
  };
}

/** An event with one argument emits that, one with more emits all of them. */
function wordsOf(messages$: Observable<unknown>): Observable<Word> {
  return messages$.pipe(
    map((given) => (Array.isArray(given) ? given[0] : given)),
    filter(
      (message): message is Envelope =>
        typeof message === 'object' && message !== null && 'rxTinyproto' in message,
    ),
    map(({ rxTinyproto }) => rxTinyproto),
  );
}
