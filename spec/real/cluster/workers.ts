import cluster, { type Worker } from 'node:cluster';
import { type Connection, text } from 'rx-tinyproto';
import { broadcast, clusterBus, clusterHub } from 'rx-tinyproto/cluster';
import { interval, NEVER, of, type Subscription } from 'rxjs';

/**
 * A primary and its workers, which share a room with one member in each: `workers.ts COUNT`. Every worker sends `ID 1`, `ID 2`, …, until it is told to be quiet. The primary is told to kill a worker and fork another, or to stop passing on for
 * a while; asked at the end, it tells what each worker that lives has heard: of every process how many, how many it missed, and whether any came twice or out of order.
 */
export interface Heard {
  readonly id: string;
  readonly sent: number;
  readonly heard: Readonly<Record<string, number>>;
  readonly missed: Readonly<Record<string, number>>;
  readonly wrong: readonly string[];
  readonly present: number;
  readonly state: string;
}

function worker(): void {
  const bus = clusterBus();
  const room = broadcast<string>({
    bus,
    name: 'hall',
    codec: text(),
    whileAway: 'queue',
    heartbeatMs: 100,
    goneMs: 300,
  });
  const heard: Record<string, number> = {};
  const missed: Record<string, number> = {};
  const wrong: string[] = [];
  let [present, state, sent] = [0, '', 0];
  const hear = (message: string) => {
    const [from = '', number] = message.split(' ');
    const next = (heard[from] ?? 0) + (missed[from] ?? 0) + 1;
    // Who comes later begins with what is sent then.
    if (from in heard && Number(number) !== next) wrong.push(`${message} for ${next}`);
    heard[from] = Number(number) - (missed[from] ?? 0);
    return of(undefined);
  };
  const member = { id: crypto.randomUUID(), closed$: NEVER, send: hear } as unknown as Connection<string>;

  room.missed$.subscribe(({ process, count }) => (missed[process] = (missed[process] ?? 0) + count));
  room.presence$.subscribe(({ size }) => (present = size));
  room.state$.subscribe((now) => (state = now.state));
  room.join(member).subscribe();
  const sending = interval(1).subscribe(() =>
    room.send(`${bus.id} ${++sent}`).subscribe({ error: (error) => wrong.push(String(error)) }),
  );
  process.on('message', (word: unknown) => {
    if (word === 'quiet') sending.unsubscribe();
    if (word === 'tell') process.send?.({ id: bus.id, sent, heard, missed, wrong, present, state });
  });
}

function primary(count: number): void {
  const workers = new Set<Worker>();
  const start = () => {
    const forked = cluster.fork();
    workers.add(forked);
    forked.on('message', (word: object) => 'heard' in word && process.send?.(word));
  };
  let passing: Subscription | undefined = clusterHub().subscribe();
  for (let index = 0; index < count; index++) start();
  process.on('message', ({ act }: { act: 'replace' | 'stop' | 'go' | 'quiet' | 'tell' }) => {
    if (act === 'replace') {
      const [oldest] = workers;
      // Its channel looks open until its exit is known: nothing is asked of it any more.
      if (oldest) workers.delete(oldest);
      oldest?.process.kill('SIGKILL');
      start();
    } else if (act === 'stop') passing?.unsubscribe();
    else if (act === 'go') passing = clusterHub().subscribe();
    else for (const each of workers) if (each.isConnected()) each.send(act);
  });
  process.on('disconnect', () => process.exit());
}

if (cluster.isPrimary) primary(Number(process.argv[2]));
else worker();
