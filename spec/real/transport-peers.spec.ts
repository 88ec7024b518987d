import { connect, createServer, type Server, Socket } from 'node:net';
import { firstValueFrom, type Subscription } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { tcp } from '../../src/transport/tcp.js';
import { isSelf } from '../../src/transport/tcp-dial.js';
import type { BoundAddress, Wire } from '../../src/transport/transport.js';
import { type End, expectBytes, pass, pattern, text, until, utf8, watch } from '../contracts/wires.js';

/** Blocks the loop, as a long computation does, while the kernel goes on. */
const block = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
const portOf = (bound: BoundAddress) => ('port' in bound ? bound.port : 0);

describe('A TCP wire, against a bare socket', () => {
  let listening: Subscription;
  let bound: BoundAddress | undefined;
  let far: End | undefined;
  let peer: Socket;

  async function meet({ unread = false } = {}): Promise<End> {
    listening = tcp({ probeMs: 50 })
      .listen(0, { openObserver: { next: (each) => (bound = each) } })
      .subscribe((wire) => {
        far = watch(wire, { unread });
      });
    await until(() => bound !== undefined, 'bound');
    peer = connect({ port: portOf(bound as BoundAddress), host: '127.0.0.1', allowHalfOpen: true });
    peer.on('error', () => {});
    await until(() => far !== undefined, 'accepted');
    return far as End;
  }

  beforeEach(() => {
    bound = undefined;
    far = undefined;
  });

  afterEach(async () => {
    peer.destroy();
    listening.unsubscribe();
    far?.wire.destroy({ reset: true });
    await until(() => far?.closings.length === 1, 'closed');
  });

  it('puts the writes of one turn together, those of its microtasks too', async () => {
    const wire = await meet();
    const chunks: Buffer[] = [];
    peer.on('data', (chunk) => chunks.push(chunk));
    for (let at = 0; at < 50; at++) wire.write(pattern(100, at * 100));
    for (let at = 50; at < 100; at++) {
      await Promise.resolve();
      wire.write(pattern(100, at * 100));
    }
    await until(() => Buffer.concat(chunks).byteLength === 10_000, 'all');
    // The first write goes at once, and what follows it together: in this turn of the loop, or in the next where other wires have had theirs.
    expect(chunks.length).toBeLessThanOrEqual(2);
    expectBytes(Buffer.concat(chunks), pattern(10_000));
  });

  it('takes no RST for an end when both bytes and RST wait for a busy loop', async () => {
    const wire = await meet();
    peer.write('half a mess');
    await until(() => peer.writableLength === 0, 'written');
    peer.resetAndDestroy();
    block(30);
    await until(() => wire.endings.length === 1, 'over');
    expect(wire.endings).toEqual([expect.objectContaining({ code: 'reset' })]);
    await until(() => wire.closings.length === 1, 'closed');
    expect(wire.closings).toEqual([{ error: wire.endings[0] }]);
  });

  it('takes no RST for an end when writes of ours are on their way', async () => {
    const wire = await meet();
    wire.write(pattern(64 << 20));
    await pass(20);
    peer.write('half a mess');
    peer.resetAndDestroy();
    block(30);
    await until(() => wire.endings.length === 1, 'over');
    expect(wire.endings).toEqual([expect.objectContaining({ code: 'reset' })]);
    await until(() => wire.settled.length === 1, 'settled');
    expect(wire.settled[0]?.error).toMatchObject({ code: 'reset' });
  });

  // From Node 24 on, a write to a peer that is gone fails before its end is read.
  const mayFail = Number(process.versions.node.split('.')[0]) >= 24;

  it('delivers a last word and completes, though the peer is gone while we write to it', async () => {
    for (const busy of [0, 10, 30]) {
      const wire = await meet();
      wire.wire.bytes$.subscribe({ error: () => {} });
      peer.end('last word');
      peer.destroySoon();
      if (busy) block(busy);
      for (let at = 0; at < 20; at++) {
        wire.write(utf8('nobody listens'));
        await pass(1);
      }
      await until(() => wire.endings.length === 1, 'over');
      const [ending] = wire.endings;
      const hasFailed = mayFail && (ending as { code?: string }).code === 'reset';
      expect([text(wire), wire.endings]).toEqual(['last word', [hasFailed ? ending : 'complete']]);
      listening.unsubscribe();
      wire.wire.destroy();
      await until(() => wire.closings.length === 1, 'closed');
      bound = undefined;
      far = undefined;
    }
    await meet();
  });

  it('sees the end of a peer that was never read, with all its bytes, when it is read at last', async () => {
    const wire = await meet({ unread: true });
    peer.end(pattern(20_000));
    await pass(120);
    expect(wire.closings).toEqual([]);
    wire.read();
    await until(() => wire.endings.length === 1, 'over');
    expect(wire.endings).toEqual(['complete']);
    expectBytes(wire.bytes(), pattern(20_000));
  });

  it('probes a paused peer that has ended, and loses nothing', async () => {
    const wire = await meet();
    wire.wire.pause();
    await pass(5);
    peer.end(pattern(20_000));
    peer.destroySoon();
    await pass(180);
    expect(wire.closings).toEqual([]);
    wire.wire.resume();
    await until(() => wire.endings.length === 1, 'over');
    expect(wire.endings).toEqual(['complete']);
    expectBytes(wire.bytes(), pattern(20_000));
  });

  it('meets a peer that only ends itself when we do', async () => {
    const wire = await meet();
    peer.on('end', () => peer.end('and goodbye'));
    wire.write(utf8('hello'));
    wire.end();
    peer.resume();
    await until(() => wire.closings.length === 1, 'closed');
    expect([text(wire), wire.endings, wire.closings]).toEqual(['and goodbye', ['complete'], [{}]]);
  });
});

describe('tcp', () => {
  it.each(['keepAliveMs', 'probeMs', 'lingerMs', 'nextAddressMs'])(
    'throws for times that are none: %s',
    (name) => {
      for (const ms of [0, -1, Number.NaN]) expect(() => tcp({ [name]: ms })).toThrow(RangeError);
      expect(() => tcp({ [name]: '1' as never })).toThrow(TypeError);
    },
  );
});

describe('tcp().dial', () => {
  it('has the kernel ask after a second where `keepAliveMs` is less', async (test) => {
    const asked = vi.spyOn(Socket.prototype, 'setKeepAlive');
    test.onTestFinished(() => asked.mockRestore());
    const server = createServer((socket) => socket.on('error', () => {}).resume());
    await new Promise<void>((up) => server.listen(0, '127.0.0.1', up));
    const { port } = server.address() as { port: number };
    for (const keepAliveMs of [500, 1_500]) {
      const wire = await firstValueFrom(tcp({ keepAliveMs }).dial(port));
      wire.destroy({ reset: true });
    }
    server.close();
    expect(asked.mock.calls).toEqual([
      [true, 1_000],
      [true, 1_500],
    ]);
  });

  it('gives an address as long as there is, and parts of a millisecond', async () => {
    const server = createServer((socket) => socket.on('error', () => {}).resume());
    await new Promise<void>((up) => server.listen(0, '127.0.0.1', up));
    const { port } = server.address() as { port: number };
    for (const nextAddressMs of [Number.POSITIVE_INFINITY, 0.5]) {
      const wire = await firstValueFrom(tcp({ nextAddressMs }).dial(port));
      wire.destroy({ reset: true });
    }
    server.close();
  });

  const servers: Server[] = [];
  const wires: Wire[] = [];
  const serve = async (host: string): Promise<number> => {
    const server = createServer((socket) => socket.on('error', () => {}).end('hi'));
    servers.push(server);
    await new Promise<void>((ready) => server.listen(0, host, ready));
    return (server.address() as { port: number }).port;
  };
  const failure = (wire$: ReturnType<ReturnType<typeof tcp>['dial']>) =>
    firstValueFrom(wire$).then(
      () => undefined,
      (error: unknown) => error,
    );

  afterEach(() => {
    for (const wire of wires.splice(0)) wire.destroy({ reset: true });
    for (const server of servers.splice(0)) server.close();
  });

  it('tries the second address of a name when nobody listens at the first', async () => {
    for (const host of ['127.0.0.1', '::1']) {
      const port = await serve(host);
      const wire = await firstValueFrom(tcp().dial(`localhost:${port}`)).catch((error: unknown) => error);
      // Where localhost has one address only, the other host cannot be found through it.
      if (wire instanceof Error) expect(host).toBe('::1');
      else {
        wires.push(wire as Wire);
        expect((wire as Wire).remote).toEqual({ host, port });
      }
    }
  });

  it('knows what is wrong with the road', async () => {
    expect(await failure(tcp().dial('no-such-host.invalid:1'))).toMatchObject({ code: 'name-not-found' });
    expect(await failure(tcp().dial(1))).toMatchObject({
      code: 'connection-refused',
      cause: { code: 'ECONNREFUSED' },
    });
    expect(await failure(tcp().listen('203.0.113.1:0'))).toMatchObject({ code: 'address-not-available' });
    expect(await failure(tcp().listen('no-such-host.invalid:0'))).toMatchObject({ code: 'name-not-found' });
  });

  it('knows when the system has connected it to itself, which takes some 30,000 dials otherwise', async () => {
    const port = await serve('127.0.0.1');
    const other = connect(port, '127.0.0.1').on('error', () => {});
    await until(() => other.localPort !== undefined, 'dialled');
    expect(isSelf(other)).toBe(false);
    other.destroy();
    await new Promise((closed) => servers.pop()?.close(closed));
    const self = connect({ port, localPort: port, host: '127.0.0.1', localAddress: '127.0.0.1' });
    await new Promise((up) => self.on('connect', up));
    expect(isSelf(self)).toBe(true);
    self.destroy();
  });

  it('can be given up while the name is looked up, and while it connects', async () => {
    const port = await serve('127.0.0.1');
    const seen: unknown[] = [];
    for (let turns = 0; turns < 4; turns++) {
      const dialling = tcp()
        .dial(`localhost:${port}`)
        .subscribe({ next: (wire) => wires.push(wire), error: (error) => seen.push(error) });
      for (let turn = 0; turn < turns; turn++) await new Promise((go) => setImmediate(go));
      dialling.unsubscribe();
    }
    await pass(30);
    expect(seen).toEqual([]);
  });
});
