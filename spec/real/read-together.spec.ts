import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { firstValueFrom, map, scan, takeWhile, toArray } from 'rxjs';
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
      const [accepted, calling] = await pair(onTestFinished);
      prepare(accepted);
      const wire = socketWire(accepted);
      const byItself = accepted.listenerCount('data') > 0;
      expect(byItself).toBe(name.startsWith('as Node'));
      const bytes = Uint8Array.from({ length: 700_000 }, (_, at) => (at * 31) % 251);
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
    });
  }
});
