/**
 * One worker of `node:cluster` against more, on one port: echoes of 64 bytes; requests that cost the server something (SHA-256 of 64 KiB); and a room over all workers, whose members count
 * what they are sent. Rounds with one and with more take turns, and the medians are compared. The clients are two processes and want a core, too: with as many workers as cores, the requests
 * show what a worker brings, and echoes only what the clients have left. Hence also the rates per second of the workers' processor time, which a busy machine does not decide: where they
 * are the same, two workers on free cores do twice as much.
 *
 *     npx tsx bench/cluster.ts [seconds = 3] [rounds = 3] [workers = 2]
 */
import { type ChildProcess, fork } from 'node:child_process';
import cluster, { type Worker } from 'node:cluster';
import { createHash } from 'node:crypto';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Connection, connect, consume, lengthPrefixed, listen, serve } from 'rx-tinyproto';
import { broadcast, clusterBus, clusterHub } from 'rx-tinyproto/cluster';
import { filter, firstValueFrom, fromEvent, merge, mergeMap, type Observable, range, tap, timer } from 'rxjs';

const framing = lengthPrefixed();
const clients = 2;
const connectionsOfEach = 32;
/** Messages of one connection that are on their way at a time. */
const inFlight = 8;

const kinds = {
  echo: { bytes: 64, counts: 'echoes/s of 64 bytes' },
  work: { bytes: 64 * 1_024, counts: 'SHA-256 of 64 KiB a second' },
  room: { bytes: 64, counts: `deliveries/s in a room of ${clients * connectionsOfEach}` },
};
type Kind = keyof typeof kinds;

function worker(kind: Kind, port: number): void {
  const room = broadcast<Uint8Array>({ bus: clusterBus(), name: 'bench' });
  const handlers: Record<Kind, (conn: Connection) => Observable<unknown>> = {
    echo: (conn) => conn.messages$.pipe(consume((message) => conn.send(message), { concurrency: inFlight })),
    work: (conn) =>
      conn.messages$.pipe(consume((message) => conn.send(createHash('sha256').update(message).digest()))),
    room: (conn) => merge(room.join(conn), conn.messages$.pipe(consume((message) => room.send(message)))),
  };
  const openObserver = { next: () => process.send?.('listening') };
  listen(port, { framing, openObserver }).pipe(serve(handlers[kind])).subscribe();
  process.on('message', (word) => {
    const { user, system } = process.cpuUsage();
    if (word === 'how long?') process.send?.((user + system) / 1e6);
  });
}

/** Keeps so many messages of each connection on their way, in a room those of the first alone, and says how many have come when it is asked. */
function client(kind: Kind, port: number): void {
  const message = new Uint8Array(kinds[kind].bytes);
  new DataView(message.buffer).setUint32(0, process.pid);
  const isOurs = (other: Uint8Array) => message.subarray(0, 4).every((byte, index) => byte === other[index]);
  let came = 0;
  const talks = (index: number) =>
    connect(port, { framing }).pipe(
      mergeMap((conn) => {
        const send = () => conn.send(message).subscribe({ error: () => {} });
        const sends = kind !== 'room' || index === 0;
        for (let sent = 0; sends && sent < inFlight; sent++) send();
        return conn.messages$.pipe(
          tap((answer) => {
            came++;
            if (sends && (kind !== 'room' || isOurs(answer))) send();
          }),
        );
      }),
    );
  range(0, connectionsOfEach)
    .pipe(mergeMap(talks))
    .subscribe({ error: () => {} });
  process.on('message', () => process.send?.(came));
  process.on('disconnect', () => process.exit());
}

async function measure(): Promise<void> {
  const [seconds = 3, rounds = 3, workers = 2] = process.argv.slice(2).map(Number);
  const passing = clusterHub().subscribe();
  console.log(
    `${availableParallelism()} cores (${cpus()[0]?.model.trim()}), load ${loadavg()[0]?.toFixed(1)}, Node ${process.version}; medians of ${rounds} rounds of ${seconds} s, ${clients} client processes`,
  );
  for (const kind of Object.keys(kinds) as Kind[]) {
    const runs = new Map<number, Rates[]>();
    for (let round = 0; round < rounds; round++)
      for (const count of [1, workers])
        runs.set(count, [...(runs.get(count) ?? []), await run(kind, count, seconds)]);
    const compared = (of: keyof Rates) => {
      const [one, more] = [1, workers].map((count) =>
        median((runs.get(count) ?? []).map((rates) => rates[of])),
      );
      return `${Math.round(one ?? 0)} and ${Math.round(more ?? 0)} (${((more ?? 0) / (one ?? 1)).toFixed(2)} times)`;
    };
    console.log(
      `${kind}: ${kinds[kind].counts}, with 1 and with ${workers} workers: ${compared('bySecond')}; by second of processor time: ${compared('byCpuSecond')}`,
    );
  }
  passing.unsubscribe();
}

let nextPort = 20_000 + Math.floor(Math.random() * 8_000);

interface Rates {
  readonly bySecond: number;
  /** Of the workers, together. */
  readonly byCpuSecond: number;
}

async function run(kind: Kind, workers: number, seconds: number): Promise<Rates> {
  const self = fileURLToPath(import.meta.url);
  const port = nextPort++;
  cluster.setupPrimary({ exec: self, args: ['worker', kind, `${port}`] });
  const servers = Array.from({ length: workers }, () => cluster.fork());
  await Promise.all(servers.map((server) => listening(server)));
  const talkers = Array.from({ length: clients }, () => fork(self, ['client', kind, `${port}`]));
  const came = () => askedOf(talkers, 'how many?');
  const cpu = () => askedOf(servers, 'how long?');
  while ((await came()) === 0) await firstValueFrom(timer(50));
  await firstValueFrom(timer(500)); // warm
  const before = { came: await came(), cpu: await cpu(), at: performance.now() };
  await firstValueFrom(timer(seconds * 1_000));
  const count = (await came()) - before.came;
  const rates = {
    bySecond: count / ((performance.now() - before.at) / 1_000),
    byCpuSecond: count / ((await cpu()) - before.cpu),
  };
  const gone = [...servers.map(({ process }) => process), ...talkers].map((child) => {
    child.kill('SIGKILL');
    return firstValueFrom(fromEvent(child, 'exit', () => undefined));
  });
  await Promise.all(gone);
  return rates;
}

/** The sum of what they answer. The bus talks on the same channels. */
async function askedOf(all: readonly (Worker | ChildProcess)[], question: string): Promise<number> {
  const answers = all.map((one) => {
    const words$ = fromEvent(one, 'message', (word: unknown) => word);
    return firstValueFrom(words$.pipe(filter((word) => typeof word === 'number')));
  });
  for (const one of all) one.send(question);
  return (await Promise.all(answers)).reduce((sum, each) => sum + each, 0);
}

function listening(server: Worker): Promise<unknown> {
  const words$ = fromEvent(server, 'message', (word: unknown) => word);
  return firstValueFrom(words$.pipe(filter((word) => word === 'listening')));
}

function median(values: readonly number[] = []): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

const [role, kind = 'echo', port = '0'] = process.argv.slice(2);
if (role === 'worker') worker(kind as Kind, Number(port));
else if (role === 'client') client(kind as Kind, Number(port));
else await measure();
