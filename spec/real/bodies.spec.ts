import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  type BodyConnection,
  connect,
  consume,
  converse,
  lengthPrefixed,
  listen,
  serve,
  tinyproto,
} from 'rx-tinyproto';
import {
  concat,
  firstValueFrom,
  from,
  ignoreElements,
  lastValueFrom,
  merge,
  type Observable,
  ReplaySubject,
  reduce,
  Subject,
  take,
  takeUntil,
  toArray,
} from 'rxjs';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { carryLarge } from '../../scripts/large-message.js';
import { describePeer, fetched, peerFolder } from '../helpers/peers.js';
import { patterned, python } from '../helpers/python.js';

const MIB = 1_024 * 1_024;
const maxMessageBytes = 64 * MIB;

/** A server whose handler is given; resolves with its port. */
async function serving(
  handler: (conn: BodyConnection) => Observable<unknown>,
  framing = tinyproto({ maxMessageBytes }),
) {
  const bound = new ReplaySubject<number>(1);
  const errors: unknown[] = [];
  const openObserver = { next: ([at]: readonly { readonly port?: number }[]) => bound.next(at?.port ?? 0) };
  const running = listen(0, { framing, bodies: 'stream', openObserver: openObserver as never })
    .pipe(serve(handler, { onError: (error) => errors.push(error) }))
    .subscribe();
  onTestFinished(() => running.unsubscribe());
  return { port: await firstValueFrom(bound), errors };
}

const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('a message of 256 MiB', () => {
  it.each(['tinyproto', 'lengthPrefixed'])(
    'takes less than 100 MB on either side: %s',
    async (framing) => {
      // V8 frees when its own threads find time, on a busy machine later: the least of what three messages took is ours.
      let [receiver, sender] = [Infinity, Infinity];
      for (let round = 0; round < 3 && Math.max(receiver, sender) >= 100e6; round++) {
        const { bytes, receiverPeak, senderPeak } = await carryLarge(256 * MIB, framing);
        expect(bytes).toBe(256 * MIB);
        [receiver, sender] = [Math.min(receiver, receiverPeak), Math.min(sender, senderPeak)];
      }
      expect([receiver, sender].filter((peak) => peak >= 100e6)).toEqual([]);
    },
    30_000,
  );
});

describe.each([
  ['tinyproto', tinyproto({ maxMessageBytes })],
  ['lengthPrefixed', lengthPrefixed({ maxMessageBytes })],
])('bodies over loopback on %s', (_, framing) => {
  let folder = '';
  let content = new Uint8Array();
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bodies-'));
    content = Uint8Array.from({ length: 5 * MIB + 7 }, (_byte, at) => (at * 31 + (at >> 8)) & 0xff);
    await writeFile(join(folder, 'from'), content);
    return () => rm(folder, { recursive: true });
  });

  it('come from a file and go into one', async () => {
    const stored = new Subject<string>();
    const path = join(folder, 'to');
    const { port, errors } = await serving(
      (conn) =>
        conn.messages$.pipe(
          consume(async ({ body$ }) => {
            const file = createWriteStream(path);
            const write = (part: Uint8Array) => new Promise<void>((done) => file.write(part, () => done()));
            await lastValueFrom(body$.pipe(consume(write)), { defaultValue: undefined });
            await new Promise<void>((done) => file.end(done));
            stored.next(sha(await readFile(path)));
          }),
        ),
      framing,
    );
    const done = firstValueFrom(stored);
    const from = join(folder, 'from');
    const { size } = await stat(from);
    const body = { size, body$: createReadStream(from) };
    await lastValueFrom(
      connect(port, { framing, bodies: 'stream' }).pipe(converse((conn) => conn.send(body))),
    );
    expect(await done).toBe(sha(content));
    expect(errors).toEqual([]);
  });

  it('come from a web stream, an async generator and an Observable', async () => {
    const all = new Subject<string>();
    const hash = (conn: BodyConnection) =>
      conn.messages$.pipe(
        consume(({ body$ }) =>
          body$.pipe(reduce((digest, part) => digest.update(part), createHash('sha256'))),
        ),
      );
    const { port } = await serving((conn) => {
      const hashes$ = hash(conn);
      hashes$.subscribe((digest) => all.next(digest.digest('hex')));
      return conn.closed$;
    }, framing);
    const chunks = Array.from({ length: Math.ceil(content.length / MIB) }, (_chunk, at) =>
      content.subarray(at * MIB, (at + 1) * MIB),
    );
    const sources = [
      Readable.toWeb(Readable.from(chunks)) as ReadableStream<Uint8Array>,
      (async function* () {
        for (const chunk of chunks) yield chunk;
      })(),
      from(chunks),
    ];
    const finished = new Subject<void>();
    const hashes = firstValueFrom(all.pipe(takeUntil(finished), toArray()));
    const sends = (conn: BodyConnection) =>
      concat(...sources.map((body$) => conn.send({ size: content.length, body$ })));
    await lastValueFrom(connect(port, { framing, bodies: 'stream' }).pipe(converse(sends)));
    finished.next();
    expect(await hashes).toEqual([sha(content), sha(content), sha(content)]);
  });

  it('a file that is not there fails alone, and one that grows resets the connection', async () => {
    const { port, errors } = await serving(
      (conn) => conn.messages$.pipe(consume(({ body$ }) => body$)),
      framing,
    );
    const path = join(folder, 'from');
    const ends = connect(port, { framing, bodies: 'stream' }).pipe(
      converse((conn) =>
        from(
          (async () => {
            const outcome = (body: { size: number; body$: Readable }) =>
              lastValueFrom(conn.send(body)).then(
                () => 'taken',
                ({ code, fate, cause }) => `${code} ${fate} ${cause.code ?? cause.name}`,
              );
            const missing = await outcome({ size: 9, body$: createReadStream(join(folder, 'nothing')) });
            const fine = await outcome({ size: content.length, body$: createReadStream(path) });
            const grown = await outcome({ size: content.length - 1, body$: createReadStream(path) });
            return [missing, fine, grown];
          })(),
        ),
      ),
    );
    // The connection's own error may come first.
    const [outcomes] = await Promise.allSettled([firstValueFrom(ends)]);
    if (outcomes.status === 'fulfilled')
      expect(outcomes.value).toEqual([
        'body-failed not-sent ENOENT',
        'taken',
        'body-failed unknown RangeError',
      ]);
    else expect(outcomes.reason).toMatchObject({ code: 'reset', cause: { code: 'body-failed' } });
    await new Promise((later) => setTimeout(later, 50));
    expect(errors.length).toBeLessThanOrEqual(1);
  });

  it('close a Node stream that is left in the middle', async () => {
    const { port } = await serving((conn) => {
      setTimeout(() => conn.destroy(), 50);
      return conn.messages$.pipe(
        consume(({ body$ }) => body$.pipe(consume(() => new Promise<void>(() => {})))),
      );
    }, framing);
    const endless = Readable.from(
      (function* () {
        for (;;) yield new Uint8Array(65_536);
      })(),
    );
    const body = { size: maxMessageBytes, body$: endless };
    const end = lastValueFrom(
      connect(port, { framing, bodies: 'stream' }).pipe(converse((conn) => conn.send(body))),
    );
    await expect(end).rejects.toMatchObject({ kind: expect.stringMatching(/wire|send/) });
    expect(endless.destroyed).toBe(true);
  });
});

describePeer('bodies with Python: tinyproto 3.0', fetched('tinyproto-3.0'), () => {
  it('go to an echo server of theirs, and come back', async (test) => {
    const theirs = python(test, 'original.py', { role: 'server', do: 'echo' }, peerFolder('tinyproto-3.0'));
    const { port } = await theirs.next('listening');
    const content = patterned(5_000_000);
    const chunks = [content.subarray(0, 4_000_000), content.subarray(4_000_000)];
    const options = { bodies: 'stream', closeTimeoutMs: 1_000 } as const;
    const back$ = connect(port as number, options).pipe(
      converse((conn) =>
        merge(
          conn.send({ size: content.length, body$: chunks }).pipe(ignoreElements()),
          conn.messages$.pipe(
            consume(({ body$ }) =>
              body$.pipe(reduce((hash, part) => hash.update(part), createHash('sha256'))),
            ),
            take(1),
          ),
        ),
      ),
    );
    expect((await lastValueFrom(back$)).digest('hex')).toBe(sha(content));
    theirs.stop();
  });
});
