/**
 * What each message costs in memory that has to be collected, sender and receiver together: both ends of a conversation of the bench, in one process
 * whose young generation is so large that nothing is collected on the way. Counts, not times: a busy machine makes no difference.
 *
 *     node --expose-gc --min-semi-space-size=… allocations.mjs PEER SERVER-ROLE CLIENT-ROLE TASK MESSAGES ROUNDS
 */
import { Socket } from 'node:net';
import { constants, PerformanceObserver } from 'node:perf_hooks';
import type { Task } from '../../../bench/peer.js';
import { ours } from '../../../bench/peers/ours.js';
import { rawTuned } from '../../../bench/peers/raw-tuned.js';

const [peer, serverRole, clientRole, json = '', messages = '', rounds = ''] = process.argv.slice(2);
const who = peer === 'raw-tuned' ? rawTuned : ours;
const task = JSON.parse(json) as Task;
const perRound = Number(messages);

let collected = 0;
new PerformanceObserver((list) => {
  for (const { detail } of list.getEntries() as { readonly detail?: { readonly flags?: number } }[]) {
    if ((detail?.flags ?? 0) & constants.NODE_PERFORMANCE_GC_FLAGS_FORCED) continue;
    collected++;
  }
}).observe({ entryTypes: ['gc'] });

/** How often something is handed to the kernel. */
let writes = 0;
const { write } = Socket.prototype;
Socket.prototype.write = function (this: Socket, ...args: unknown[]): boolean {
  if (this.writableCorked === 0) writes++;
  return write.apply(this, args as Parameters<typeof write>);
} as typeof write;

let heard = 0;
let round = 0;
let began = { heap: 0, buffers: 0 };
/** The least of the rounds: until the compiler has done its work, which on a busy machine takes long, each message costs more. */
const least = { heap: Infinity, buffers: Infinity, writes: Infinity };

function got(): void {
  if (++heard < perRound) return;
  heard = 0;
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  // The first round is for the compiler.
  if (round++ > 0) {
    least.heap = Math.min(least.heap, (heapUsed - began.heap) / perRound);
    least.buffers = Math.min(least.buffers, (arrayBuffers - began.buffers) / perRound);
    least.writes = Math.min(least.writes, writes / perRound);
  } else collected = 0;
  if (round > Number(rounds)) setTimeout(finish, 50);
  globalThis.gc?.();
  writes = 0;
  const after = process.memoryUsage();
  began = { heap: after.heapUsed, buffers: after.arrayBuffers };
}

function finish(): void {
  console.log(JSON.stringify({ ...least, collected }));
  process.exit();
}

const port = await who[serverRole as 'sink']?.({ ...task, port: 0, got });
await who[clientRole as 'source']?.({ ...task, port: Number(port), got });
