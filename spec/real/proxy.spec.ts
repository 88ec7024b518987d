import { BlockList, createServer, connect as dialSocket } from 'node:net';
import {
  type AddressList,
  connect,
  consume,
  converse,
  listen,
  type ProxyProtocol,
  type ServerEvent,
  tcp,
} from 'rx-tinyproto';
import { firstValueFrom, ignoreElements, lastValueFrom, map, merge, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { until } from '../contracts/wires.js';
import { authority } from '../helpers/certificates.js';
import { type Cleanup, type Handler, rawClient, type ServedOptions, serving } from '../helpers/loopback.js';
import { version1, version2 } from '../helpers/proxy-headers.js';

const echo: Handler = (conn) => conn.messages$.pipe(consume((message) => conn.send(message)));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const listOf = (...hosts: readonly string[]) => {
  const list = new BlockList();
  for (const host of hosts) list.addAddress(host);
  return list;
};
const someone = { host: '203.0.113.7', port: 5_555 };
/** Opening, a message of two bytes and its answer's OK. */
const hello = 'ff 00000002 6869';

async function behind(test: Cleanup, options: Partial<ProxyProtocol> = {}, more: ServedOptions = {}) {
  const events: ServerEvent[] = [];
  const served = await serving(test, echo, {
    ...more,
    proxyProtocol: { from: listOf('127.0.0.1'), ...options },
    eventObserver: { next: (event) => events.push(event) },
  });
  const troubles = () => events.flatMap((event) => (event.type === 'trouble' ? [event.error.code] : []));
  return { ...served, events, troubles };
}

describe('Behind a proxy', () => {
  it('the remote is whom it calls for, in either version', async (test) => {
    const far = await behind(test);
    for (const header of [
      version1(someone),
      version2(someone),
      version2({ host: '2001:db8:0:0:0:0:0:7', port: 1 }),
    ]) {
      const proxy = await rawClient(test, far.port);
      await proxy.write(hex(header) + hello);
      expect(await proxy.hears(6)).toMatch(/^ffff00000002/);
    }
    expect(far.connections.map(({ remote }) => remote)).toEqual([
      someone,
      someone,
      { host: '2001:db8::7', port: 1 },
    ]);
    expect(far.events.filter(({ type }) => type === 'accepted')).toMatchObject([
      { remote: someone },
      { remote: someone },
      { remote: { host: '2001:db8::7' } },
    ]);
  });

  it('a header that comes byte by byte is whole all the same, and so is what follows', async (test) => {
    const far = await behind(test);
    const proxy = await rawClient(test, far.port);
    for (const byte of [...version1(someone), ...Buffer.from(hello.replaceAll(' ', ''), 'hex')])
      await proxy.write(hex(Uint8Array.of(byte)));
    expect(await proxy.hears(6)).toBe('ffff00000002');
    expect((await far.next()).remote).toEqual(someone);
  });

  it('much that follows the header at once is not lost', async (test) => {
    const far = await behind(test);
    const size = 3_000_000;
    const proxy = await rawClient(test, far.port);
    const frame = `${hex(version2(someone))}ff${size.toString(16).padStart(8, '0')}${'5a'.repeat(size)}`;
    await proxy.write(frame);
    const heard = await proxy.hearsMany(6);
    expect(heard).toBeGreaterThanOrEqual(6);
    await proxy.write('ff');
    expect(await proxy.hearsMany(6 + size)).toBe(6 + size);
  });

  it('it may call for itself, to see whether we live', async (test) => {
    const far = await behind(test);
    const proxy = await rawClient(test, far.port);
    await proxy.write(`0d0a0d0a000d0a515549540a 20 00 0000 ${hello}`);
    await proxy.hears(6);
    expect((await far.next()).remote).toEqual({ host: '127.0.0.1', port: proxy.port });
  });

  it('who is no proxy of ours is hung up on, whatever it says', async (test) => {
    const far = await behind(test, { from: listOf('192.0.2.1') });
    const stranger = await rawClient(test, far.port);
    await stranger.write(hex(version1(someone)));
    await stranger.end;
    expect(far.troubles()).toEqual(['access-denied']);
    expect(far.events.some(({ type }) => type === 'accepted')).toBe(false);
  });

  it('what is no header, or none in time, or cut, ends its wire alone', async (test) => {
    const far = await behind(test, { headerTimeoutMs: 50 });
    const good = await rawClient(test, far.port);
    await good.write(hex(version1(someone)) + hello);
    const proxies = await Promise.all([0, 1, 2].map(() => rawClient(test, far.port)));
    const [bad, silent, cut] = proxies as [typeof good, typeof good, typeof good];
    await bad.write(hello);
    await silent.write(hex(version2(someone).subarray(0, 20)));
    await cut.write(hex(version1(someone).subarray(0, 20)));
    cut.fin();
    await Promise.all([bad.end, silent.end, cut.end]);
    await until(() => far.troubles().length === 3, 'all are told of');
    expect(far.troubles().sort()).toEqual(['bad-proxy-header', 'bad-proxy-header', 'handshake-timeout']);
    expect(far.connections).toHaveLength(1);
    await good.write('ff 00000000');
    await good.hears(10);
  });

  it('comes TLS, and the address is that of the client', async (test) => {
    const ca = await authority();
    const far = await behind(test, {}, { tls: await ca.issue('the server') });
    const proxied = tcp({ tls: { ca: ca.cert } });
    const server = createServer((client) => {
      const onward = dialSocket(far.port, '127.0.0.1');
      onward.write(version2(someone));
      client.pipe(onward).pipe(client);
      for (const socket of [client, onward]) socket.on('error', () => {});
      test.onTestFinished(() => void onward.destroy());
    });
    await new Promise<void>((up) => server.listen(0, '127.0.0.1', up));
    test.onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    const message = new Uint8Array(200_000).fill(7);
    const answer = await lastValueFrom(
      connect(port, { transport: proxied }).pipe(
        converse((conn) =>
          merge(
            conn.messages$.pipe(
              take(1),
              map(({ length }) => length),
            ),
            conn.send(message).pipe(ignoreElements()),
          ),
        ),
      ),
    );
    expect(answer).toBe(message.length);
    const { remote, security } = await far.next();
    expect([remote, security?.protocol]).toEqual([someone, 'TLSv1.3']);
  });

  it.each<[string, () => unknown]>([
    ['answers with a promise', () => Promise.resolve(true)],
    [
      'throws',
      () => {
        throw new Error('mine');
      },
    ],
  ])('nobody is a proxy where the list %s', async (_, check) => {
    const cleanup: (() => void)[] = [];
    const test = { onTestFinished: (after: () => void) => cleanup.push(after) } as unknown as Cleanup;
    const far = await behind(test, { from: { check } as AddressList });
    const proxy = await rawClient(test, far.port);
    await proxy.end;
    expect(far.troubles()).toEqual(['access-denied']);
    expect(far.connections).toEqual([]);
    for (const after of cleanup) after();
  });

  it.each<[string, unknown, ErrorConstructor]>([
    ['no list', {}, TypeError],
    ['a header in no time', { from: new BlockList(), headerTimeoutMs: 0 }, RangeError],
    ['a time that is no number', { from: new BlockList(), headerTimeoutMs: '1' }, TypeError],
  ])('what cannot be meant throws at once: %s', (_, proxyProtocol, error) => {
    expect(() => listen(0, { proxyProtocol: proxyProtocol as ProxyProtocol })).toThrow(error);
  });

  it('waits for headers end with the listener', async (test) => {
    const far = await behind(test);
    const proxy = await rawClient(test, far.port);
    await proxy.write(hex(version1(someone).subarray(0, 9)));
    far.abort();
    await proxy.end;
    expect(far.troubles()).toEqual([]);
  });

  it('resets are resets', async (test) => {
    const far = await behind(test);
    const proxy = await rawClient(test, far.port);
    await proxy.write(hex(version1(someone)) + hello);
    const conn = await far.next();
    proxy.rst();
    expect(await firstValueFrom(conn.closed$)).toMatchObject({ error: { code: 'reset' } });
  });
});
