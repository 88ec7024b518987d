/**
 * How much members that do not read cost the others: the same messages to the same readers, without and with stalled members, in turn, in one process.
 * What the kernel takes for a stalled peer is filled first, so that it is really stalled while it is measured. Rates are per second of processor time, readers
 * included, so that a busy machine does not decide; the median of the rounds counts.
 *
 *     npm run bench -- --case stalled-members [readers = 900] [stalled = 100] [messages = 200] [rounds = 5]
 */
import {
  type BoundAddress,
  broadcast,
  type Connection,
  connect,
  consume,
  type Framing,
  lengthPrefixed,
  listen,
  serve,
  tinyproto,
} from 'rx-tinyproto';
import {
  EMPTY,
  firstValueFrom,
  mergeMap,
  NEVER,
  type Observable,
  ReplaySubject,
  Subscription,
  timer,
} from 'rxjs';

const [readers = 900, stalled = 100, messages = 200, rounds = 5] = process.argv.slice(2).map(Number);
const message = new Uint8Array(1_024);
const large = new Uint8Array(1 << 18);
const maxPendingMessages = 64;
const maxPendingBytes = 1 << 20;
const MiB = 1 << 20;

interface Run {
  readonly seconds: number;
  readonly grownMiB: number;
  readonly dropped: number;
}

async function run(framing: Framing, stalls: number): Promise<Run> {
  const room = broadcast<Uint8Array>({ maxPendingMessages, maxPendingBytes, onSlow: 'drop-oldest' });
  const bound = new ReplaySubject<readonly BoundAddress[]>(1);
  const all = new Subscription();
  const members: Connection[] = [];
  // A stalled peer stays to the end.
  const server = listen(0, { framing, openObserver: bound, writeTimeoutMs: Number.POSITIVE_INFINITY });
  all.add(
    server
      .pipe(
        serve((conn) => {
          members.push(conn);
          conn.closed$.subscribe(() => lost++);
          return room.join(conn);
        }),
      )
      .subscribe(),
  );
  const [address] = await firstValueFrom(bound);
  let heard = 0;
  let lost = 0;
  const come = async (count: number, work: () => Observable<never>) => {
    const wanted = members.length + count;
    for (let index = 0; index < count; index++) {
      const client$ = connect(address as BoundAddress, { framing });
      all.add(client$.pipe(mergeMap((conn) => conn.messages$.pipe(consume(work)))).subscribe());
    }
    while (members.length < wanted) await firstValueFrom(timer(5));
  };
  await come(stalls, () => NEVER);
  await fill(members);
  await come(readers, () => {
    heard++;
    return EMPTY;
  });
  await firstValueFrom(timer(100));
  const before = memory();
  const droppedBefore = room.droppedCount;
  const began = process.cpuUsage();
  for (let sent = 1; sent <= messages; sent++) {
    await firstValueFrom(room.send(message));
    // At most half of what may wait: the readers lose nothing.
    while (heard < readers * (sent - maxPendingMessages / 2)) await firstValueFrom(timer(0));
  }
  while (heard < readers * messages) await firstValueFrom(timer(0));
  const { user, system } = process.cpuUsage(began);
  const grownMiB = (memory() - before) / MiB;
  const dropped = room.droppedCount - droppedBefore;
  if (members.length !== readers + stalls || lost > 0) throw new Error(`${lost} members have gone`);
  all.unsubscribe();
  await firstValueFrom(timer(300));
  return { seconds: (user + system) / 1e6, grownMiB, dropped };
}

/** Sends until nothing is taken any more: then the kernel's buffers, and the peer's inbox, are full. */
async function fill(members: readonly Connection[]): Promise<void> {
  const each = members.map((conn) => {
    const stuff = new Subscription();
    const more = () => stuff.add(conn.send(large).subscribe({ complete: more, error: () => {} }));
    more();
    return stuff;
  });
  const taken = () => members.reduce((sum, { traffic }) => sum + traffic.messagesOut, 0);
  for (let before = -1, quiet = 0; quiet < 3; before = taken()) {
    quiet = before === taken() ? quiet + 1 : 0;
    await firstValueFrom(timer(100));
  }
  for (const stuff of each) stuff.unsubscribe();
}

function memory(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] as number;

const framings = { tinyproto: tinyproto(), lengthPrefixed: lengthPrefixed() };
const runs = Object.entries(framings).map(([name, framing]) => ({
  name,
  framing,
  bare: [] as Run[],
  loaded: [] as Run[],
}));

for (const { framing } of runs) await run(framing, 0); // warm up
for (let round = 0; round < rounds; round++) {
  for (const { framing, bare, loaded } of runs) {
    bare.push(await run(framing, 0));
    loaded.push(await run(framing, stalled));
  }
}
console.log(
  `${messages} messages of ${message.length} bytes to ${readers} readers; medians of ${rounds} rounds`,
);
for (const { name, bare, loaded } of runs) {
  const rate = (of: readonly Run[]) => (readers * messages) / median(of.map(({ seconds }) => seconds));
  const part = (100 * rate(loaded)) / rate(bare);
  const most = Math.max(...loaded.map(({ grownMiB }) => grownMiB));
  const dropped = median(loaded.map(({ dropped }) => dropped));
  console.log(
    `${name}: ${Math.round(rate(bare))} deliveries/s; ${Math.round(rate(loaded))} with ${stalled} stalled beside them (${part.toFixed(1)} %), to whom ${dropped} were dropped; memory grew by ${most.toFixed(0)} MiB at most`,
  );
}
process.exit();
