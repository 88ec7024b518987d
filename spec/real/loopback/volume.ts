import { type BoundAddress, connect, consume, converse, listen, serve, tinyproto } from 'rx-tinyproto';
import {
  concatMap,
  defaultIfEmpty,
  firstValueFrom,
  ignoreElements,
  interval,
  lastValueFrom,
  map,
  range,
  Subject,
} from 'rxjs';

/** What is printed: what it took at most, and what is left of it, in bytes above the beginning. */
export interface Measured {
  readonly count: number;
  readonly bytes: number;
  readonly ms: number;
  readonly peak: { readonly arrayBuffers: number; readonly rss: number };
  readonly left: { readonly arrayBuffers: number; readonly heap: number };
}

/**
 * Sends messages over loopback, one after the other, and prints what that took of memory: `volume.ts COUNT SIZE`.
 * Both ends live in this process, so what it measures is their sum.
 */
const [messages = 1, size = 1] = process.argv.slice(2).map(Number);

const measure = () => {
  const { arrayBuffers, heapUsed, rss } = process.memoryUsage();
  return { arrayBuffers, heapUsed, rss };
};
const collected = async () => {
  // Buffers are freed a turn after their owners.
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.();
    await firstValueFrom(interval(10));
  }
  return measure();
};

const framing = tinyproto({ maxMessageBytes: Math.max(size, 65_536) });
const message = new Uint8Array(size).fill(0xff);
const bound = new Subject<readonly BoundAddress[]>();
const address = firstValueFrom(bound);
let count = 0;
let bytes = 0;

const server = listen(0, { framing, openObserver: bound })
  .pipe(
    serve((conn) =>
      conn.messages$.pipe(
        consume((each) => {
          count++;
          bytes += each.length;
          // The moment at which a message is here twice: as it came, and put together.
          if (count % 1_000 === 1) look();
          return [];
        }),
      ),
    ),
  )
  .subscribe();
const [{ port } = { port: 0 }] = (await address) as readonly { port: number }[];

const before = await collected();
const peak = { ...before };
function look(): void {
  const now = measure();
  peak.arrayBuffers = Math.max(peak.arrayBuffers, now.arrayBuffers);
  peak.rss = Math.max(peak.rss, now.rss);
}
const looking = interval(5).subscribe(look);
const began = performance.now();

// In thousands, because `concatMap` shifts its queue, and a long array is slow to shift.
const thousands = range(0, Math.ceil(messages / 1_000));
const all = thousands.pipe(map((at) => range(0, Math.min(1_000, messages - 1_000 * at))));
await lastValueFrom(
  connect(port, { framing }).pipe(
    converse((conn) => all.pipe(concatMap((some) => some.pipe(concatMap(() => conn.send(message)))))),
    ignoreElements(),
    defaultIfEmpty(undefined),
  ),
);

const ms = Math.round(performance.now() - began);
looking.unsubscribe();
server.unsubscribe();
const after = await collected();
const measured: Measured = {
  count,
  bytes,
  ms,
  peak: { arrayBuffers: peak.arrayBuffers - before.arrayBuffers, rss: peak.rss - before.rss },
  left: { arrayBuffers: after.arrayBuffers - before.arrayBuffers, heap: after.heapUsed - before.heapUsed },
};
console.log(JSON.stringify(measured));
