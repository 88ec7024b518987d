/** One of the processes of a run. Plain JavaScript when it runs: see build.ts. */
import { Meter } from './meter.js';
import type { Got, Role } from './peer.js';
import { peers } from './peers/all.js';
import type { FromSide, Orders } from './sides.js';

const orders = JSON.parse(process.argv[2] ?? '') as Orders;
const say = (message: FromSide) => process.send?.(message);
const meter = new Meter();
/** Enough for the compiler to have seen it all; where nobody else wants the processor, that is soon. */
const warm = { messages: Math.min(20_000, Math.ceil((64 << 20) / orders.task.size)), mostMs: 4_000 };

process.on('message', () => process.exit());
process.on('disconnect', () => process.exit());

if (orders.counts && orders.role !== 'idle') warmUp(0);
await play(await roleOf(orders));
if (orders.role === 'idle') await weigh();

async function roleOf({ peer, role }: Orders): Promise<Role> {
  const played = (await peers[peer]?.load())?.[role];
  if (played === undefined) throw new Error(`${peer} has no ${role}`);
  return played;
}

async function play(role: Role): Promise<void> {
  const { task, port } = orders;
  const isPingPong = orders.role === 'echoClient' && task.window === 1;
  const got = orders.role === 'idle' ? meter.count : checked(isPingPong ? meter.time : meter.count);
  const listens = await role({ ...task, port, got });
  if (typeof listens === 'number') say({ is: 'listening', port: listens });
}

/** The size of every message is looked at: one that is cut elsewhere would be counted otherwise. */
function checked(count: () => void): Got {
  const { size } = orders.task;
  return (message) => {
    if (message.length !== size) throw new Error(`A message of ${message.length} bytes, not of ${size}`);
    count();
  };
}

function warmUp(waitedMs: number): void {
  const stepMs = 20;
  const isWarm = meter.messages >= warm.messages && waitedMs >= orders.warmUpMs;
  if (isWarm || waitedMs >= warm.mostMs) measure();
  else setTimeout(warmUp, stepMs, waitedMs + (meter.messages > 0 ? stepMs : 0));
}

function measure(): void {
  const finish = meter.measure();
  say({ is: 'began' });
  setTimeout(() => say({ is: 'ended', reading: finish() }), orders.measureMs);
}

/** What a connection weighs, all that Node keeps for it included. */
async function weigh(): Promise<void> {
  const { connections } = orders.task;
  const before = await weightOf(0);
  say({ is: 'began' });
  const after = await weightOf(connections);
  say({
    is: 'ended',
    reading: { messages: connections, seconds: 0, bytesEach: (after - before) / connections },
  });
}

async function weightOf(connections: number): Promise<number> {
  while (meter.messages < connections) await later(20);
  // What was only needed to connect may go.
  for (let round = 0; round < 3; round++) {
    await later(100);
    globalThis.gc?.();
  }
  return process.memoryUsage().rss;
}

function later(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
