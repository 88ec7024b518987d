import { BlockList } from 'node:net';
import { type Connection, connect, consume, converse, type Tls } from 'rx-tinyproto';
import { ignoreElements, lastValueFrom, map, merge, take } from 'rxjs';
import { expect, it } from 'vitest';
import { authority } from '../helpers/certificates.js';
import { haproxy } from '../helpers/haproxy.js';
import { type Handler, serving } from '../helpers/loopback.js';
import { describePeer, onPath } from '../helpers/peers.js';

const echo: Handler = (conn) => conn.messages$.pipe(consume((message) => conn.send(message)));

/** Asks, and gives back the size of the answer and the address that we asked from. */
const ask = (port: number, size: number, tls?: Tls) =>
  lastValueFrom(
    connect(`localhost:${port}`, tls === undefined ? {} : { tls }).pipe(
      converse((conn: Connection) =>
        merge(
          conn.send(new Uint8Array(size)).pipe(ignoreElements()),
          conn.messages$.pipe(
            take(1),
            map(({ length }) => ({ length, from: conn.local })),
          ),
        ),
      ),
    ),
  );

describePeer('HAProxy', onPath('haproxy'), () => {
  it('calls for a client, in version 1 and 2, in the clear and around TLS', async (test) => {
    const from = new BlockList();
    from.addAddress('127.0.0.1');
    const ca = await authority();
    const certificate = await ca.issue('the server');
    const plain = await serving(test, echo, { proxyProtocol: { from } });
    const secure = await serving(test, echo, { proxyProtocol: { from }, tls: certificate });
    const ports = await haproxy(test, [
      { to: plain.port, how: 'send-proxy' },
      { to: plain.port, how: 'send-proxy-v2' },
      { to: secure.port, how: 'send-proxy' },
      { to: secure.port, how: 'send-proxy-v2' },
    ]);
    for (const [at, port] of ports.entries()) {
      const [served, tls] = at < 2 ? [plain] : [secure, { ca: ca.cert }];
      const seen = served.connections.length;
      const { length, from: client } = await ask(port, 300_000, tls);
      expect(length).toBe(300_000);
      expect(served.connections[seen]?.remote).toEqual(client);
    }
    expect(secure.connections.map(({ security }) => security?.protocol)).toEqual(['TLSv1.3', 'TLSv1.3']);
  });

  it('looks whether we live, and harms nobody', async (test) => {
    const from = new BlockList();
    from.addAddress('127.0.0.1');
    const served = await serving(test, echo, { proxyProtocol: { from } });
    const [port = 0] = await haproxy(test, [{ to: served.port, how: 'send-proxy-v2 check inter 20ms' }]);
    for (let round = 0; round < 5; round++) expect((await ask(port, 10)).length).toBe(10);
    expect(served.connections).toHaveLength(5);
  });
});
