import { existsSync, readFileSync } from 'node:fs';
import {
  type BodyConnection,
  connect,
  consume,
  converse,
  type Framing,
  lengthPrefixed,
  listen,
  serve,
  tinyproto,
} from 'rx-tinyproto';
import { finalize, map, type Observable, reduce, take } from 'rxjs';

// One side of `large-message.ts`, in a process of its own: `receive <framing>` or `send <framing> <size> <port>`. Says what happened as lines of JSON.

const maxMessageBytes = 0xf0ffffff;
const framings: Record<string, Framing> = {
  tinyproto: tinyproto({ maxMessageBytes }),
  lengthPrefixed: lengthPrefixed({ maxMessageBytes }),
};

const [role, name = '', size = 0, port = 0] = process.argv.slice(2);
const framing = framings[name];
if (!framing) throw new TypeError(`no framing ${name}`);
const options = { framing, bodies: 'stream' } as const;

/** The byte at an offset is the offset modulo 251, so that a part in the wrong place shows. */
const pattern = Uint8Array.from({ length: 251 + 4 * 65_536 }, (_, at) => at % 251);
const patternAt = (offset: number, length: number) => pattern.subarray(offset % 251, (offset % 251) + length);

function* chunks(bytes: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes; at += 65_536) yield patternAt(at, Math.min(65_536, bytes - at));
}

const say = (word: object) => process.stdout.write(`${JSON.stringify(word)}\n`);
const sayPeak = () => say({ peakRss: peakRss() });

/** In bytes. On Linux from `/proc`: what `resourceUsage` tells begins at what the process had that started this one. */
function peakRss(): number {
  const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '';
  const [, peakKiB] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
  return Number(peakKiB ?? process.resourceUsage().maxRSS) * 1_024;
}

const checked = (offset: number, part: Uint8Array) => {
  if (Buffer.compare(part, patternAt(offset, part.length)) !== 0) throw new Error(`wrong bytes at ${offset}`);
  return offset + part.length;
};

const received = (conn: BodyConnection) =>
  conn.messages$.pipe(
    consume(({ body$ }) => body$.pipe(reduce(checked, 0))),
    take(1),
  );

const receive = () =>
  listen(0, {
    ...options,
    openObserver: { next: ([at]) => say({ port: at && 'port' in at ? at.port : 0 }) },
  }).pipe(
    serve((conn) => received(conn).pipe(map((bytes) => say({ bytes })))),
    take(1),
  );

const send = () =>
  connect(Number(port), options).pipe(
    converse((conn) => conn.send({ size: Number(size), body$: chunks(Number(size)) })),
  );

const run$: Observable<unknown> = role === 'receive' ? receive() : send();
run$.pipe(finalize(sayPeak)).subscribe({
  error: (error) => {
    console.error(error);
    process.exitCode = 1;
  },
});
