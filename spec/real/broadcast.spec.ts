import { connect as dialSocket } from 'node:net';
import {
  broadcast,
  type Connection,
  connect,
  consume,
  lengthPrefixed,
  lines,
  type OnSlow,
  text,
} from 'rx-tinyproto';
import {
  catchError,
  EMPTY,
  firstValueFrom,
  merge,
  mergeMap,
  NEVER,
  type Observable,
  Subscription,
  tap,
  timer,
} from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Handler, serving } from '../helpers/loopback.js';
import { bufferBytes } from '../helpers/memory.js';

const test = { onTestFinished };
const codec = text();
const KiB = 1_024;

type Text = Connection<string>;

/** So many clients on one port, until the test is over. */
function clients(
  port: number,
  count: number,
  client: (conn: Text, index: number) => Observable<unknown>,
): void {
  const all = new Subscription();
  for (let index = 0; index < count; index++) {
    const conversation$ = connect(port, { codec }).pipe(
      mergeMap((conn) => client(conn, index)),
      catchError(() => EMPTY),
    );
    all.add(conversation$.subscribe());
  }
  onTestFinished(() => all.unsubscribe());
}

const joins =
  (room: ReturnType<typeof broadcast<Uint8Array>>): Handler =>
  (conn) =>
    room.join(conn);

describe('broadcast over loopback', () => {
  it('sends everything to 45 members, whatever the 5 do that do not read, and drops only theirs', async () => {
    const messages = 200;
    const room = broadcast<Uint8Array>({
      maxPendingMessages: 50,
      maxPendingBytes: 1 << 16,
      onSlow: 'drop-oldest',
    });
    const { port, connections } = await serving(test, joins(room));
    const heard = Array.from({ length: 50 }, () => 0);
    const stalled = (index: number) => index % 10 === 0;
    clients(port, 50, (conn, index) =>
      conn.messages$.pipe(
        tap((message) => {
          expect(message).toBe(stalled(index) ? '0' : `${heard[index]}`);
          heard[index] = (heard[index] ?? 0) + 1;
        }),
        consume(() => (stalled(index) ? NEVER : EMPTY)),
      ),
    );
    await expect.poll(() => connections.length).toBe(50);
    const dropped = new Set<unknown>();
    room.dropped$.subscribe(({ connection }) => dropped.add(connection));
    const encoder = new TextEncoder();
    const slowest = () => Math.min(...heard.filter((_, index) => !stalled(index)));
    for (let index = 0; index < messages; index++) {
      await firstValueFrom(room.send(encoder.encode(`${index}`)));
      while (slowest() < index - 50) await firstValueFrom(timer(0));
    }
    await expect.poll(slowest, { timeout: 10_000 }).toBe(messages);
    expect(heard.filter((count) => count === 1)).toHaveLength(5);
    expect(dropped.size).toBe(5);
  });

  it.each<[OnSlow, number]>([
    ['drop-oldest', 1],
    ['drop-newest', 1],
    ['latest', 0],
  ])(
    'keeps of 20 MiB for 20 members that do not read what may wait for each, and what their connections have in hand, with %s',
    async (onSlow, waits) => {
      const [members, messages, size] = [20, 64, 16 * KiB];
      const maxPendingBytes = 256 * KiB;
      const room = broadcast<Uint8Array>({ maxPendingBytes, onSlow });
      const { port, connections } = await serving(test, joins(room));
      clients(port, members, ({ messages$ }) => messages$.pipe(consume(() => NEVER)));
      await expect.poll(() => connections.length).toBe(members);
      const before = await bufferBytes();
      for (let index = 0; index < messages; index++) {
        // To each its own, so that they share no bytes.
        for (const to of connections)
          await firstValueFrom(room.send(new Uint8Array(size).fill(index), { to }));
      }
      const grown = (await bufferBytes()) - before;
      // In hand are 64 KiB, or one message; one more is on its way to each peer, which has it here, too.
      const inHand = waits * 64 * KiB + 3 * size;
      expect(grown).toBeLessThanOrEqual(members * (waits * maxPendingBytes + inHand) + 2_048 * KiB);
      expect(grown).toBeGreaterThanOrEqual(members * waits * maxPendingBytes);
      expect(room.droppedCount).toBeGreaterThan(members * (messages - 25));
      expect(room.droppedCount).toBeLessThan(members * messages);
    },
  );

  it('keeps nothing that waits for members which it has ended because they do not read', async () => {
    const [members, size] = [20, 16 * KiB];
    const room = broadcast<Uint8Array>({ maxPendingBytes: 256 * KiB, onSlow: 'disconnect' });
    const { port, connections } = await serving(test, joins(room));
    clients(port, members, ({ messages$ }) => messages$.pipe(consume(() => NEVER)));
    await expect.poll(() => connections.length).toBe(members);
    const before = await bufferBytes();
    for (let index = 0; index < 50; index++) {
      for (const to of connections) await firstValueFrom(room.send(new Uint8Array(size).fill(index), { to }));
    }
    let left = members;
    room.size$.subscribe((size) => (left = size));
    await expect.poll(() => left).toBe(0);
    // `closed$` tells of what the connection had in hand; the peer has one.
    expect((await bufferBytes()) - before).toBeLessThan(members * (64 * KiB + 2 * size));
  });

  it('ends a member that does not read, and no other', async () => {
    const room = broadcast<Uint8Array>({ maxPendingMessages: 64, onSlow: 'disconnect' });
    const { port, connections, errors } = await serving(test, joins(room));
    const heard = [0, 0, 0];
    clients(port, 3, (conn, index) =>
      conn.messages$.pipe(
        tap(() => (heard[index] = (heard[index] ?? 0) + 1)),
        consume(() => (index === 1 ? NEVER : EMPTY)),
      ),
    );
    await expect.poll(() => connections.length).toBe(3);
    const sending = timer(0, 2)
      .pipe(mergeMap(() => merge(...Array.from({ length: 4 }, () => room.send(new Uint8Array(10))))))
      .subscribe();
    let size = 3;
    room.size$.subscribe((now) => (size = now));
    await expect.poll(() => size, { timeout: 10_000 }).toBe(2);
    const before = [...heard];
    await expect
      .poll(
        () =>
          (heard[0] as number) > (before[0] as number) + 50 &&
          (heard[2] as number) > (before[2] as number) + 50,
      )
      .toBe(true);
    sending.unsubscribe();
    expect(heard[1]).toBe(1);
    expect(errors).toEqual([]);
  });

  it.each<[string, (conn: Connection) => Observable<unknown>]>([
    [
      'throws',
      () => {
        throw new Error('oops');
      },
    ],
    [
      'errors',
      () =>
        timer(5).pipe(
          tap(() => {
            throw new Error('oops');
          }),
        ),
    ],
    ['never completes', () => NEVER],
    ['closes', (conn) => conn.close()],
    ['is killed', (conn) => timer(5).pipe(tap(() => conn.destroy(new Error('killed'))))],
  ])('is harmed in one connection at most by a handler that %s', async (_, misbehave) => {
    const room = broadcast<Uint8Array>();
    let came = 0;
    const { port, connections } = await serving(test, (conn) =>
      came++ === 0 ? merge(room.join(conn), misbehave(conn)) : room.join(conn),
    );
    const heard = [0, 0, 0, 0];
    clients(port, 4, (conn, index) =>
      conn.messages$.pipe(tap(() => (heard[index] = (heard[index] ?? 0) + 1))),
    );
    await expect.poll(() => connections.length).toBe(4);
    await expect.poll(() => connections.length).toBe(4);
    for (let message = 0; message < 20; message++) {
      room.send(new Uint8Array([message])).subscribe();
    }
    await expect.poll(() => heard.filter((count) => count === 20).length).toBeGreaterThanOrEqual(3);
    expect(Math.max(...heard)).toBe(20);
  });

  it('keeps each member that reads, whatever one says with a single write', async () => {
    const said = 3_000;
    const room = broadcast<Uint8Array>();
    const chat: Handler = (conn) =>
      merge(room.join(conn), conn.messages$.pipe(consume((line) => room.send(line, { except: conn }))));
    const { port, connections } = await serving(test, chat, { framing: lines() });
    const sockets = Array.from({ length: 4 }, () => dialSocket(port));
    onTestFinished(() => sockets.forEach((socket) => void socket.destroy()));
    const heard = sockets.map(() => 0);
    sockets.forEach((socket, at) => {
      socket.on('data', ({ length }) => (heard[at] = (heard[at] as number) + length));
    });
    await expect.poll(() => connections.length).toBe(4);
    sockets[0]?.write('x\n'.repeat(said));
    await expect
      .poll(() => heard.reduce((sum, bytes) => sum + bytes, 0), { timeout: 20_000 })
      .toBe(3 * 2 * said);
    expect(heard).toEqual([0, 2 * said, 2 * said, 2 * said]);
  });

  it('sends a member that did not read what waited in the framing to which it was reframed meanwhile', async () => {
    const room = broadcast<Uint8Array>({ maxPendingBytes: 1 << 26 });
    const { port, next } = await serving(test, joins(room), { framing: lines({ maxLineBytes: 1 << 20 }) });
    const socket = dialSocket(port, '127.0.0.1').pause();
    onTestFinished(() => void socket.destroy());
    const member = await next();
    // More than a kernel has room for, all in one turn; 255 is the end.
    const [count, size] = [64, 256 * KiB];
    const sent = Array.from({ length: count }, (_, index) => 97 + (index % 26));
    for (const letter of sent) room.send(new Uint8Array(size).fill(letter)).subscribe();
    room.send(Uint8Array.of(255)).subscribe();
    member.reframe({ framing: lengthPrefixed() });

    const chunks: Uint8Array[] = [];
    for await (const chunk of socket) {
      chunks.push(chunk as Uint8Array);
      if (chunks.at(-1)?.at(-1) === 255) break;
    }
    const came = Buffer.concat(chunks);
    const letters: (number | undefined)[] = [];
    let at = 0;
    for (; came[at] !== 0; at += size + 1) letters.push(came[at]);
    const inLines = letters.length;
    for (; at < came.length - 5; at += 4 + size) {
      expect(came.readUInt32BE(at)).toBe(size);
      letters.push(came[at + 4]);
    }
    expect(letters).toEqual(sent);
    expect(inLines).toBeGreaterThan(0);
    expect(inLines).toBeLessThan(count);
  });
});
