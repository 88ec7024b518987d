/**
 * How much members that do not read cost the others: the same messages to the same readers, without and with stalled members, in turn, in one process.
 * Rates are per second of processor time, readers included, so that a busy machine does not decide. On tinyproto, whose OK is withheld at once: a kernel's buffers
 * take megabytes for a stalled peer of another framing, which until then is a member like any other.
 *
 *     npx tsx bench/broadcast.ts [readers = 900] [stalled = 100] [messages = 200] [rounds = 5]
 */
import { type BoundAddress, broadcast, connect, consume, listen, serve, tinyproto } from 'rx-tinyproto';
import { EMPTY, firstValueFrom, mergeMap, NEVER, ReplaySubject, Subscription, timer } from 'rxjs';

const [readers = 900, stalled = 100, messages = 200, rounds = 5] = process.argv.slice(2).map(Number);
const message = new Uint8Array(1_024);
const pendingMessages = 64;

async function seconds(
  framing: ReturnType<typeof tinyproto>,
  stalls: number,
): Promise<{ took: number; pendingMiB: number }> {
  const room = broadcast<Uint8Array>({
    maxPendingMessages: pendingMessages,
    maxPendingBytes: 1 << 20,
    onSlow: 'drop-oldest',
  });
  const bound = new ReplaySubject<readonly BoundAddress[]>(1);
  const all = new Subscription();
  all.add(
    listen(0, { framing, openObserver: bound })
      .pipe(serve((conn) => room.join(conn)))
      .subscribe(),
  );
  const [address] = await firstValueFrom(bound);
  let heard = 0;
  for (let index = 0; index < readers + stalls; index++) {
    const read = () => {
      heard++;
      return EMPTY;
    };
    const work = index < readers ? read : () => NEVER;
    all.add(
      connect(address as BoundAddress, { framing })
        .pipe(mergeMap((conn) => conn.messages$.pipe(consume(work))))
        .subscribe(),
    );
  }
  let size = 0;
  all.add(room.size$.subscribe((now) => (size = now)));
  while (size < readers + stalls) await firstValueFrom(timer(5));
  const before = memory();
  const began = process.cpuUsage();
  for (let sent = 1; sent <= messages; sent++) {
    await firstValueFrom(room.send(message));
    // At most half of what may wait: the readers lose nothing.
    while (heard < readers * (sent - pendingMessages / 2)) await firstValueFrom(timer(0));
  }
  while (heard < readers * messages) await firstValueFrom(timer(0));
  const { user, system } = process.cpuUsage(began);
  const took = (user + system) / 1e6;
  const pendingMiB = memory() - before;
  all.unsubscribe();
  await firstValueFrom(timer(300));
  return { took, pendingMiB };
}

function memory(): number {
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1_024 / 1_024;
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] as number;

const without: number[] = [];
const withStalled: number[] = [];
const grown: number[] = [];
await seconds(tinyproto(), 0); // warm up
for (let round = 0; round < rounds; round++) {
  without.push((await seconds(tinyproto(), 0)).took);
  const { took, pendingMiB } = await seconds(tinyproto(), stalled);
  withStalled.push(took);
  grown.push(pendingMiB);
}
const rate = (took: number) => Math.round((readers * messages) / took);
const [bare, loaded] = [rate(median(without)), rate(median(withStalled))];
const part = ((100 * loaded) / bare).toFixed(1);
console.log(
  `${bare} deliveries/s to ${readers} readers; ${loaded} with ${stalled} stalled beside them (${part} %); memory grew by ${median(grown).toFixed(0)} MiB`,
);
process.exit();
