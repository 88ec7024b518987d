import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Address,
  type Connection,
  connect,
  consume,
  converse,
  lengthPrefixed,
  tinyproto,
} from 'rx-tinyproto';
import {
  concatMap,
  count,
  filter,
  firstValueFrom,
  from,
  ignoreElements,
  interval,
  lastValueFrom,
  map,
  merge,
  NEVER,
  Subject,
  take,
  takeUntil,
  tap,
  timer,
  toArray,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import { type Cleanup, type Handler, rawClient, roundTrip, serving } from '../helpers/loopback.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const words = (message: Uint8Array) => new TextDecoder().decode(message);

const echo: Handler = (conn) => conn.messages$.pipe(consume((message) => conn.send(message)));

/** More than the kernel takes on its way. */
const large = new Uint8Array(32 << 20);
const framing = tinyproto({ maxMessageBytes: large.length });

const clean = { dropped: { messages: 0, bytes: 0 } };

/** Calls, sends one after the other, awaits each answer, ends. */
const talk = (address: Address, ...texts: readonly string[]) =>
  lastValueFrom(
    connect(address).pipe(
      converse((conn) =>
        from(texts).pipe(
          concatMap((each) =>
            merge(conn.send(bytes(each)).pipe(ignoreElements()), conn.messages$.pipe(take(1), map(words))),
          ),
        ),
      ),
      toArray(),
    ),
  );

/** A path for a Unix socket, gone with the test. */
function socketPath({ onTestFinished }: Cleanup): string {
  const folder = mkdtempSync(join(tmpdir(), 'rx-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, 'socket');
}

/** Calls, and stays as long as the test does. */
async function staying({ onTestFinished }: Cleanup, port: number, options = {}) {
  const opened = new Subject<Connection>();
  const ended = new Subject<'completed' | Error>();
  const first = firstValueFrom(opened);
  const end = firstValueFrom(ended);
  const subscription = connect(port, options).subscribe({
    next: (conn) => opened.next(conn),
    error: (error) => ended.next(error),
    complete: () => ended.next('completed'),
  });
  onTestFinished(() => subscription.unsubscribe());
  return { conn: await first, end };
}

describe('A conversation over loopback', () => {
  it('goes to and fro over TCP, and ends without an error on either side', async (test) => {
    const ours = await serving(test, echo);
    expect(await talk(ours.port, 'a', '', 'hello', 'ü'.repeat(100_000))).toEqual([
      'a',
      '',
      'hello',
      'ü'.repeat(100_000),
    ]);
    expect(await firstValueFrom((await ours.next()).closed$)).toEqual({ by: 'peer', ...clean });
    await ours.stop();
    expect(ours.errors).toEqual([]);
  });

  it('goes to and fro over a Unix socket, whose file goes with the server', async (test) => {
    const path = socketPath(test);
    const ours = await serving(test, echo, { address: { path } });
    expect(await talk({ path }, 'a', '', 'hello')).toEqual(['a', '', 'hello']);
    expect(await firstValueFrom((await ours.next()).closed$)).toEqual({ by: 'peer', ...clean });
    await ours.stop();
    expect(existsSync(path)).toBe(false);
  });

  it('reaches every address of one server', async (test) => {
    const path = socketPath(test);
    const ours = await serving(test, echo, { address: [0, 'localhost:0', { path }, 0] });
    expect(ours.addresses).toHaveLength(4);
    expect(ours.addresses[2]).toEqual({ path });
    const ports = ours.addresses.filter((each) => 'port' in each).map(({ port }) => port);
    expect(new Set(ports).size).toBe(3);
    expect(ports).not.toContain(0);
    for (const address of ours.addresses) expect(await talk(address, 'a')).toEqual(['a']);
    await ours.stop();
    for (const address of ours.addresses) {
      await expect(talk(address, 'a')).rejects.toMatchObject({ kind: 'wire', code: 'connection-refused' });
    }
  });

  it('is refused on all addresses when one of them is taken', async (test) => {
    const taken = await serving(test, echo);
    const path = socketPath(test);
    await expect(serving(test, echo, { address: [{ path }, taken.port] })).rejects.toMatchObject({
      kind: 'wire',
      code: 'address-in-use',
    });
    await serving(test, echo, { address: { path } });
    expect(await talk({ path }, 'a')).toEqual(['a']);
  });
});

describe('A server at its connection limit, over loopback', () => {
  it('says fe and FIN to one too many, and takes the next when a place is free', async (test) => {
    const ours = await serving(test, echo, { maxConnections: 2 });
    const first = await rawClient(test, ours.port);
    const second = await rawClient(test, ours.port);
    expect(await first.hears(1)).toBe('ff');
    expect(await second.hears(1)).toBe('ff');
    for (let count = 0; count < 10; count++) {
      const third = await rawClient(test, ours.port);
      await third.write('ff 00000001 61');
      expect(await third.end).toBe('fin');
      expect(third.heard).toBe('fe');
    }
    await first.write('ff');
    const place = await ours.from(first.port);
    first.fin();
    await firstValueFrom(place.closed$);
    await first.end;
    expect(await talk(ours.port, 'a')).toEqual(['a']);
  });

  it('survives a flood, and serves those that it has', async (test) => {
    const ours = await serving(test, echo, { maxConnections: 1 });
    const { conn } = await staying(test, ours.port);
    const flood = Array.from({ length: 200 }, async (_, index) => {
      const peer = await rawClient(test, ours.port);
      if (index % 3 === 0) peer.rst();
      return peer.end;
    });
    await Promise.all(flood);
    const answer = firstValueFrom(conn.messages$);
    await lastValueFrom(conn.send(bytes('still here')));
    expect(words(await answer)).toBe('still here');
  });

  it('is told to our client by its code', async (test) => {
    const ours = await serving(test, echo, { maxConnections: 1 });
    await staying(test, ours.port);
    await expect(talk(ours.port, 'a')).rejects.toMatchObject({ kind: 'protocol', code: 'connection-limit' });
  });
});

describe('A server that stops, over loopback', () => {
  it('ends idle conversations at once, and lets one that is at work finish', async (test) => {
    const atWork = new Subject<void>();
    const mayFinish = new Subject<void>();
    const ours = await serving(test, (conn, { stopping$ }) =>
      conn.messages$.pipe(
        takeUntil(stopping$),
        consume((message) => {
          atWork.next();
          return mayFinish.pipe(
            take(1),
            concatMap(() => conn.send(message)),
          );
        }),
      ),
    );
    const idle = await staying(test, ours.port);
    const busy = await staying(test, ours.port);
    const answer = firstValueFrom(busy.conn.messages$);
    const begun = firstValueFrom(atWork);
    await lastValueFrom(busy.conn.send(bytes('work')));
    await begun;

    const stopped = ours.stop();
    expect(await idle.end).toBe('completed');
    await expect(talk(ours.port, 'a')).rejects.toMatchObject({ code: 'connection-refused' });
    mayFinish.next();
    expect(words(await answer)).toBe('work');
    expect(await busy.end).toBe('completed');
    await stopped;
    expect(ours.errors).toEqual([]);
  });

  it('destroys what has not ended within its grace', async (test) => {
    const ours = await serving(test, () => NEVER, { graceMs: 50 });
    const peer = await rawClient(test, ours.port);
    await peer.write('ff');
    await ours.from(peer.port);
    await ours.stop();
    expect(await peer.end).toBe('fin');
  });

  it('ends everything at once when it is unsubscribed, and no message by halves', async (test) => {
    const ours = await serving(test, (conn) => conn.send(large), { framing });
    const opening = await rawClient(test, ours.port);
    const asked = await rawClient(test, ours.port);
    const stuck = await rawClient(test, ours.port);
    await asked.write('ff');
    expect(await asked.hears(5)).toBe('ff02000000');
    await stuck.write('ff');
    await stuck.hears(5);
    stuck.deafen();
    await stuck.write('ff');
    await roundTrip(test);
    ours.abort();
    expect(await opening.end).toBe('fin');
    // FIN would make the Python original deliver half a message.
    expect(await asked.end).toBe('rst');
    stuck.listen();
    expect(await stuck.end).toBe('rst');
    expect(stuck.heard.length / 2).toBeLessThan(large.length);
  });
});

describe('close(), over loopback', () => {
  it('gives a peer that never reads until the deadline, and not longer', async (test) => {
    const ours = await serving(test, () => NEVER, { framing, closeTimeoutMs: 150 });
    const peer = await rawClient(test, ours.port);
    await peer.write('ff');
    const conn = await ours.from(peer.port);
    const sent = lastValueFrom(conn.send(large)).catch((error: unknown) => error);
    await peer.hears(5);
    peer.deafen();
    await peer.write('ff');
    await lastValueFrom(conn.close());
    expect(await firstValueFrom(conn.closed$)).toMatchObject({ by: 'us', error: { code: 'close-timeout' } });
    expect(await sent).toMatchObject({ kind: 'send', code: 'connection-closed', fate: 'unknown' });
  });

  it('brings out what is queued, then FIN, and counts what comes meanwhile', async (test) => {
    const ours = await serving(test, () => NEVER);
    const peer = await rawClient(test, ours.port);
    await peer.write('ff');
    const conn = await ours.from(peer.port);
    const sent = lastValueFrom(merge(conn.send(bytes('a')), conn.send(bytes('bc'))).pipe(count()));
    const closed = lastValueFrom(conn.close());
    expect(await peer.hears(5)).toBe('ff00000001');
    await peer.write('ff 00000003 646566');
    expect(await peer.hears(11)).toBe('ff 00000001 61 ff 00000002'.replaceAll(' ', ''));
    await peer.write('ff');
    expect(await peer.end).toBe('fin');
    expect(peer.heard).toBe('ff 00000001 61 ff 00000002 6263'.replaceAll(' ', ''));
    peer.fin();
    await closed;
    expect(await sent).toBe(2);
    expect(await firstValueFrom(conn.closed$)).toEqual({ by: 'us', dropped: { messages: 1, bytes: 3 } });
  });
});

describe('A slow consumer, over loopback', () => {
  const slow =
    (heard: string[]): Handler =>
    (conn) =>
      conn.messages$.pipe(
        consume((message) => {
          heard.push(words(message));
          return timer(80);
        }),
      );

  it('holds the sends of our client one by one', async (test) => {
    const done = new Subject<void>();
    const ours = await serving(test, ({ messages$ }) => messages$.pipe(consume(() => done.pipe(take(1)))));
    const { conn } = await staying(test, ours.port);
    let taken = 0;
    const sends = lastValueFrom(
      merge(...['a', 'b', 'c'].map((each) => conn.send(bytes(each)))).pipe(tap(() => taken++)),
    );
    for (const expected of [1, 2, 3]) {
      await firstValueFrom(interval(1).pipe(filter(() => taken >= expected)));
      await roundTrip(test);
      expect(taken).toBe(expected);
      done.next();
    }
    await sends;
  });

  it('gets all that a peer has said that ended meanwhile, however long it takes', async (test) => {
    const heard: string[] = [];
    const ours = await serving(test, slow(heard), { closeTimeoutMs: 100 });
    const peer = await rawClient(test, ours.port);
    await peer.write('ff 00000001 61 00000001 62 00000001 63');
    peer.fin();
    const conn = await ours.from(peer.port);
    expect(await firstValueFrom(conn.closed$)).toEqual({ by: 'peer', ...clean });
    expect(heard).toEqual(['a', 'b', 'c']);
    expect(peer.heard).toBe('ffffffff');
  });

  it('gets all that a peer has said that was reset meanwhile, then the error', async (test) => {
    const heard: string[] = [];
    const ours = await serving(test, slow(heard));
    const peer = await rawClient(test, ours.port);
    await peer.write('ff 00000001 61 00000001 62');
    await peer.hears(2);
    peer.rst();
    const conn = await ours.from(peer.port);
    expect(await firstValueFrom(conn.closed$)).toMatchObject({ by: 'error', error: { code: 'reset' } });
    await firstValueFrom(interval(5).pipe(filter(() => ours.errors.length > 0)));
    expect(heard).toEqual(['a', 'b']);
    expect(ours.errors).toMatchObject([{ kind: 'wire', code: 'reset' }]);
  });
});

describe('sendAll of an asynchronous iterable, over loopback', () => {
  const framing = lengthPrefixed();

  it('asks for one message after another, as there is room', async (test) => {
    async function* numbers() {
      for (let at = 0; at < 5_000; at++) yield Uint8Array.of(at >> 8, at);
    }
    const heard: number[] = [];
    const hear: Handler = (conn) =>
      conn.messages$.pipe(tap(([high = 0, low = 0]) => heard.push((high << 8) | low)));
    const ours = await serving(test, hear, { framing });
    const sent$ = connect(ours.port, { framing, maxQueuedMessages: 16 }).pipe(
      converse((conn) => conn.sendAll(numbers())),
    );
    await lastValueFrom(sent$);
    expect(heard).toEqual(Array.from({ length: 5_000 }, (_, at) => at));
  });

  it('tells it to return when it is left, and errors as it does', async (test) => {
    let returned = false;
    async function* endless() {
      try {
        for (;;) yield bytes('more');
      } finally {
        returned = true;
      }
    }
    // biome-ignore lint/correctness/useYield: it fails before it has anything to give
    async function* failing(): AsyncGenerator<Uint8Array> {
      throw new Error('nothing to send');
    }
    const ours = await serving(test, (conn) => conn.messages$, { framing });
    const conn$ = connect(ours.port, { framing });
    const left$ = conn$.pipe(
      converse((conn) =>
        conn.sendAll(endless()).pipe(takeUntil(conn.flow$.pipe(filter((flow) => flow === 'paused')))),
      ),
    );
    await lastValueFrom(left$, { defaultValue: undefined });
    await firstValueFrom(interval(5).pipe(filter(() => returned)));
    await expect(lastValueFrom(conn$.pipe(converse((conn) => conn.sendAll(failing()))))).rejects.toThrow(
      'nothing to send',
    );
  });
});

describe('Half duplex, over loopback', () => {
  it('begins no message while the last one is still on its way', async (test) => {
    const framing = tinyproto({ duplex: 'half', quietMs: 200, maxMessageBytes: large.length });
    const ours = await serving(
      test,
      (conn) =>
        merge(conn.send(large), conn.send(bytes('a')), conn.messages$.pipe(tap(() => conn.destroy()))),
      { framing, maxQueuedBytes: 2 * large.length },
    );
    const peer = await rawClient(test, ours.port);
    await peer.write('ff');
    await peer.hears(5);
    peer.deafen();
    await peer.write('ff');
    await firstValueFrom(timer(400));
    peer.listen();
    // Were the next header right behind, this would cross with it.
    expect(await peer.hearsMany(5 + large.length)).toBe(5 + large.length);
    await peer.write('00000001 62');
    const { error } = await firstValueFrom((await ours.from(peer.port)).closed$);
    expect(error).toBeUndefined();
  });
});
