import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { filter, firstValueFrom, map, scan, takeWhile, tap, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { socketWire } from '../../src/transport/socket-wire.js';

/** An accepted socket, paused, and the one that called it. */
async function pair(finished: (done: () => void) => void): Promise<[accepted: Socket, calling: Socket]> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const calling = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [accepted] = (await once(server, 'connection')) as [Socket];
  finished(() => {
    calling.destroy();
    accepted.destroy();
    server.close();
  });
  return [accepted, calling];
}

const ways: Record<string, (socket: Socket) => void> = {
  'into one buffer that all share': () => {},
  'as Node does by itself, where that buffer cannot be had': (socket) => {
    const handle = (socket as unknown as { _handle: { useUserBuffer?: unknown } })._handle;
    Object.defineProperty(handle, 'useUserBuffer', { value: undefined });
  },
};

describe('A socket is read', () => {
  for (const [name, prepare] of Object.entries(ways)) {
    it(`${name}: every byte, in order, in chunks that nobody changes`, async ({ onTestFinished }) => {
      const isShared = name.startsWith('into');
      let liesTogether = false;
      // How much a read brings is the kernel's affair: on a busy machine it may be little, each time.
      for (let round = 0; round < (isShared ? 10 : 1) && !liesTogether; round++) {
        const [accepted, calling] = await pair(onTestFinished);
        prepare(accepted);
        const wire = socketWire(accepted);
        expect(accepted.listenerCount('data') > 0).toBe(!isShared);
        const bytes = Uint8Array.from({ length: 6_000_000 }, (_, at) => (at * 31) % 251);
        calling.write(bytes);
        const chunks = await firstValueFrom(
          wire.bytes$.pipe(
            scan<Uint8Array, { chunk: Uint8Array; sum: number }>(
              ({ sum }, chunk) => ({ chunk, sum: sum + chunk.length }),
              { chunk: new Uint8Array(0), sum: 0 },
            ),
            takeWhile(({ sum }) => sum < bytes.length, true),
            map(({ chunk }) => chunk),
            toArray(),
          ),
        );
        expect(chunks.every((chunk) => chunk.constructor === Uint8Array)).toBe(true);
        expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
        liesTogether = new Set(chunks.map(({ buffer }) => buffer)).size < chunks.length;
      }
      // What came in bulk lies together, uncopied; Node by itself has a place for each read.
      expect(liesTogether).toBe(isShared);
    });
  }

  it('with the loop going round, however long its reader takes for each chunk', async ({
    onTestFinished,
  }) => {
    const [accepted, calling] = await pair(onTestFinished);
    const length = 6_000_000;
    calling.write(new Uint8Array(length));
    let isOver = false;
    let rounds = 0;
    const round = () => {
      rounds++;
      if (!isOver) setImmediate(round);
    };
    setImmediate(round);
    const most = { bytes: 0, round: 0, inRound: 0 };
    const chunks$ = socketWire(accepted).bytes$.pipe(
      tap((chunk) => {
        const isSameRound = most.round === rounds;
        most.inRound = (isSameRound ? most.inRound : 0) + chunk.length;
        most.round = rounds;
        most.bytes = Math.max(most.bytes, most.inRound);
        const end = performance.now() + 5;
        while (performance.now() < end);
      }),
      scan((sum, chunk) => sum + chunk.length, 0),
      filter((sum) => sum === length),
    );
    await firstValueFrom(chunks$);
    isOver = true;
    expect(most.bytes).toBeLessThanOrEqual(2 * 262_144);
  });

  it('to the end, though its reader would give away what its chunks lie in', async ({ onTestFinished }) => {
    const [accepted, calling] = await pair(onTestFinished);
    const bytes = new Uint8Array(6_000_000).fill(7);
    calling.write(bytes);
    let came = 0;
    let sevens = 0;
    const give = (chunk: Uint8Array) => {
      came += chunk.length;
      for (const byte of chunk) if (byte === 7) sevens++;
      try {
        structuredClone(chunk, { transfer: [chunk.buffer as ArrayBuffer] });
      } catch (error) {
        expect(error).toMatchObject({ name: 'DataCloneError' });
      }
    };
    await firstValueFrom(
      socketWire(accepted).bytes$.pipe(
        tap(give),
        filter(() => came === bytes.length),
      ),
    );
    expect(sevens).toBe(bytes.length);
  });

  it('with much and with little in turn, by as many at once as there are arenas and more', async ({
    onTestFinished,
  }) => {
    const bulk = new Uint8Array(2_000_000).map((_, at) => at % 253);
    const talks = Array.from({ length: 20 }, async (_, talk) => {
      const [accepted, calling] = await pair(onTestFinished);
      const came = new Promise<Buffer>((resolve) => {
        const chunks: Uint8Array[] = [];
        socketWire(accepted).bytes$.subscribe({
          next: (chunk) => chunks.push(chunk),
          complete: () => resolve(Buffer.concat(chunks)),
        });
      });
      const sent: Uint8Array[] = [];
      for (const piece of [bulk, Uint8Array.of(talk), bulk, Uint8Array.of(1, talk)]) {
        sent.push(piece);
        await new Promise((resolve) => calling.write(piece, resolve));
      }
      calling.end();
      expect((await came).equals(Buffer.concat(sent))).toBe(true);
    });
    await Promise.all(talks);
  });
});
