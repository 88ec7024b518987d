/** One of the two processes of a run. Plain JavaScript when it runs: see build.ts. */
import { Meter } from './meter.js';
import type { Peer } from './peer.js';
import { peers } from './peers/all.js';
import type { FromSide, Orders } from './sides.js';

const orders = JSON.parse(process.argv[2] ?? '') as Orders;
const say = (message: FromSide) => process.send?.(message);

const meter = new Meter();
/** Until the compiler has seen it all: so many messages, or so much time. */
const warm = { messages: 20_000, mostMs: 5 * orders.warmUpMs };

function warmUp(waitedMs: number): void {
  const isWarm = meter.messages >= warm.messages && waitedMs >= orders.warmUpMs;
  const isLate = meter.messages > 0 && waitedMs >= warm.mostMs;
  if (isWarm || isLate) measure();
  else setTimeout(warmUp, 20, waitedMs + (meter.messages > 0 ? 20 : 0));
}

function measure(): void {
  const finish = meter.measure();
  say({ is: 'began' });
  setTimeout(() => say({ is: 'ended', reading: finish() }), orders.measureMs);
}

process.on('message', () => process.exit());
process.on('disconnect', () => process.exit());

if (orders.side === (orders.kind === 'oneWay' ? 'server' : 'client')) warmUp(0);
const peer = await peers[orders.peer]?.load();
if (peer === undefined) throw new Error(`There is no ${orders.peer}`);
await run(peer);

async function run(peer: Peer): Promise<void> {
  const { kind, side, task } = orders;
  const got = checked(task.window === 1 && kind === 'echo' ? meter.time : meter.count, task.size);
  if (side === 'server') {
    const port = await (kind === 'oneWay' ? peer.sink?.(task, got) : peer.echoServer?.(task));
    if (port === undefined) throw new Error(`${peer.name} has no ${kind}`);
    say({ is: 'listening', port });
  } else if (kind === 'oneWay') await peer.source?.(task, orders.port);
  else await peer.echoClient?.(task, orders.port, got);
}

/** The size of every message is looked at: one that is cut elsewhere would be counted otherwise. */
function checked(count: () => void, size: number): (message: { readonly length: number }) => void {
  return (message) => {
    if (message.length !== size) throw new Error(`A message of ${message.length} bytes, not of ${size}`);
    count();
  };
}
