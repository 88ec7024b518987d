import {
  type Connection,
  type ConnectOptions,
  connect,
  consume,
  converse,
  lines,
  type Security,
  type ServerEvent,
  type Tls,
  type TlsOptions,
  type Transport,
  tcp,
  tinyproto,
} from 'rx-tinyproto';
import { record } from 'rx-tinyproto/testing';
import {
  BehaviorSubject,
  EMPTY,
  firstValueFrom,
  ignoreElements,
  lastValueFrom,
  map,
  merge,
  NEVER,
  of,
  Subject,
  take,
  throwError,
} from 'rxjs';
import { beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { pass, scene, text, until } from '../contracts/wires.js';
import { type Authority, authority, type Issued } from '../helpers/certificates.js';
import { type Cleanup, type Handler, rawClient, rawServer, serving } from '../helpers/loopback.js';

const bytes = (word: string) => new TextEncoder().encode(word);
const small = { bulkBytes: 0, roomBytes: 0, address: () => 0, resets: true };
const words = (message: Uint8Array) => new TextDecoder().decode(message);
const echo: Handler = (conn) => conn.messages$.pipe(consume((message) => conn.send(message)));

let ca: Authority;
let strangers: Authority;
let server: Issued;
beforeAll(async () => {
  ca = await authority();
  strangers = await authority('Somebody else');
  server = await ca.issue('the server');
});

/** One question and its answer, and what the handshake settled. */
const ask = (port: number, tls: Tls, options: ConnectOptions = {}) =>
  lastValueFrom(
    connect(`localhost:${port}`, { ...options, tls }).pipe(
      converse((conn) =>
        merge(
          conn.send(bytes('hello')).pipe(ignoreElements()),
          conn.messages$.pipe(
            take(1),
            map((message) => ({ answer: words(message), security: conn.security as Security })),
          ),
        ),
      ),
    ),
  );

const failure = (attempt: Promise<unknown>) =>
  attempt.then(
    () => 'no failure',
    ({ code, cause }: { code: string; cause?: { code?: string } }) => [code, cause?.code],
  );

/** A server that tells what happens to it. */
async function secured(test: Cleanup, tls: Tls, options: Parameters<typeof serving>[2] = {}) {
  const events: ServerEvent[] = [];
  const eventObserver = { next: (event: ServerEvent) => events.push(event) };
  const served = await serving(test, echo, { address: 'localhost:0', ...options, tls, eventObserver });
  const failed = () =>
    events.flatMap((event) => (event.type === 'failed' ? [(event.error as { code: string }).code] : []));
  return { ...served, events, failed };
}

describe('TLS', () => {
  it('carries a conversation, and both ends know what was settled', async (test) => {
    const far = await secured(test, { ...server, alpn: ['rx'] });
    const { answer, security } = await ask(far.port, { ca: ca.cert, alpn: ['other', 'rx'] });
    expect(answer).toBe('hello');
    expect(security).toMatchObject({
      protocol: 'TLSv1.3',
      alpn: 'rx',
      authorized: true,
      peer: { subject: { CN: 'the server' }, issuer: { CN: 'An authority of a test' } },
    });
    expect(security.peer?.names).toContain('DNS:localhost');
    const { security: theirs } = await far.next();
    expect(theirs).toMatchObject({
      protocol: 'TLSv1.3',
      alpn: 'rx',
      serverName: 'localhost',
      authorized: false,
    });
    expect(theirs?.peer).toBeUndefined();
  });

  it('is recorded as what passes inside of it', async (test) => {
    const tape = record();
    const recorded = { transport: tape.transport(tcp()), framing: lines() };
    const far = await secured(test, server, recorded);
    const { security } = await ask(far.port, { ca: ca.cert }, recorded);
    const { security: theirs } = await far.next();
    await far.stop();
    expect([security.protocol, theirs?.protocol]).toEqual(['TLSv1.3', 'TLSv1.3']);
    const said = tape.scene().rows.map(({ marks }) => {
      const chunks = marks.flatMap(({ notification }) =>
        notification.kind === 'N' ? [notification.value] : [],
      );
      return words(Buffer.concat(chunks as Uint8Array[]));
    });
    expect(said).toEqual(Array(4).fill('hello\n')); // both ends, both ways
  });

  it('speaks 1.2 where a peer knows no better, and nothing older', async (test) => {
    const far = await secured(test, server);
    const { security } = await ask(far.port, { ca: ca.cert, maxVersion: 'TLSv1.2' });
    expect(security.protocol).toBe('TLSv1.2');
    const strict = await secured(test, { ...server, minVersion: 'TLSv1.3' });
    expect(await failure(ask(strict.port, { ca: ca.cert, maxVersion: 'TLSv1.2' }))).toEqual([
      'tls-failed',
      'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    ]);
  });

  it('trusts nobody who is not who they should be', async (test) => {
    const expired = await ca.issue('the server', { hours: [-24, -1] });
    const elsewhere = await ca.issue('the server', { names: ['elsewhere.example'] });
    const forged = await strangers.issue('the server');
    const cases = [
      [server, {}, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
      [forged, { ca: ca.cert }, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
      [expired, { ca: ca.cert }, 'CERT_HAS_EXPIRED'],
      [elsewhere, { ca: ca.cert }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ] as const;
    for (const [certificate, tls, code] of cases) {
      const far = await secured(test, certificate);
      expect(await failure(ask(far.port, tls))).toEqual(['not-trusted', code]);
    }
    const far = await secured(test, elsewhere);
    expect(await ask(far.port, { ca: ca.cert, serverName: 'elsewhere.example' })).toMatchObject({
      answer: 'hello',
    });
    expect(await ask(far.port, { verify: false })).toMatchObject({
      answer: 'hello',
      security: { authorized: false, peer: { subject: { CN: 'the server' } } },
    });
  });

  it('meets no plain text, either way', async (test) => {
    const far = await secured(test, server);
    const framing = tinyproto({ openingTimeoutMs: 60 });
    expect(await failure(lastValueFrom(connect(`localhost:${far.port}`, { framing })))).toEqual([
      'opening-timeout',
      undefined,
    ]);
    const raw = await rawClient(test, far.port);
    await raw.write('474554202f20485454502f312e310d0a0d0a');
    await raw.end;
    await until(() => far.failed().length === 2, 'both have failed');
    expect(far.failed()).toEqual(['reset', 'tls-failed']);
    const plain = await rawServer(test, (peer) => void peer.write('5353482d322e300d0a'));
    expect(await failure(ask(plain, { ca: ca.cert }))).toEqual(['tls-failed', expect.any(String)]);
    expect(await ask(far.port, { ca: ca.cert })).toMatchObject({ answer: 'hello' });
  });

  it('cuts a handshake that stalls, and destroys its socket: at a server', async (test) => {
    const far = await secured(test, { ...server, handshakeTimeoutMs: 60 });
    const silent = await rawClient(test, far.port);
    const begun = await rawClient(test, far.port);
    await begun.write('16030100c8');
    await Promise.all([silent.end, begun.end]);
    expect(far.failed()).toEqual(['handshake-timeout', 'handshake-timeout']);
    expect(await ask(far.port, { ca: ca.cert })).toMatchObject({ answer: 'hello' });
  });

  it('cuts a handshake that stalls, and destroys its socket: at a client', async (test) => {
    let ended: Promise<unknown> | undefined;
    const port = await rawServer(test, (peer) => {
      ended = peer.end;
    });
    const tls = { ca: ca.cert, handshakeTimeoutMs: 60 };
    expect(await failure(ask(port, tls))).toEqual(['handshake-timeout', undefined]);
    await ended;
    expect(await failure(ask(port, { ca: ca.cert }, { connectTimeoutMs: 60 }))).toEqual([
      'connect-timeout',
      undefined,
    ]);
    await ended;
  });

  it('counts who is in the middle of a handshake, and lets go of it', async (test) => {
    const far = await secured(test, server, { maxConnections: 2 });
    const stalled = [await rawClient(test, far.port), await rawClient(test, far.port)];
    await until(() => far.events.filter(({ type }) => type === 'accepted').length === 2, 'two are in');
    expect(await failure(ask(far.port, { ca: ca.cert }))).toEqual(['reset', 'ECONNRESET']);
    expect(far.events.at(-1)).toMatchObject({ type: 'refused', why: 'connections' });
    for (const peer of stalled) peer.rst();
    await until(() => far.failed().length === 2, 'they are gone');
    expect(await ask(far.port, { ca: ca.cert })).toMatchObject({ answer: 'hello' });
  });

  it('ends handshakes with the server that they are for', async (test) => {
    const far = await secured(test, server);
    const stalled = await rawClient(test, far.port);
    await until(() => far.events.some(({ type }) => type === 'accepted'), 'it is in');
    far.abort();
    await stalled.end;
  });

  it('is cut-short where FIN comes inside a message', async (test) => {
    const far = await secured(test, server, { framing: lines() });
    const wire = await firstValueFrom(tcp({ tls: { ca: ca.cert } }).dial(`localhost:${far.port}`));
    wire.bytes$.subscribe({ error: () => {} });
    wire.write(bytes('half a li'), () => {});
    wire.end(() => {});
    const { closed$ } = await far.next();
    expect(await firstValueFrom(closed$)).toMatchObject({ by: 'error', error: { code: 'cut-short' } });
    wire.destroy();
  });

  it.each(['near', 'far'] as const)(
    'is reset by RST, though the %s end ends before it reads',
    async (who) => {
      const tls = { ...(await ca.issue('localhost')), ca: ca.cert };
      const stage = await scene({ ...small, open: () => tcp({ tls }) });
      const both = await stage.meet({ unread: 'both' });
      const [reader, sender] = who === 'near' ? [both.near, both.far] : [both.far, both.near];
      sender.write(new Uint8Array(100_000));
      sender.wire.destroy({ reset: true });
      reader.end();
      reader.read();
      await until(() => reader.closings.length === 1, 'closed');
      expect(reader.endings).toMatchObject([{ code: 'reset' }]);
      expect(reader.closings).toMatchObject([{ error: { code: 'reset' } }]);
      await stage.close();
    },
  );

  it('ends in order for who ends before it reads what came before FIN', async () => {
    const tls = { ...(await ca.issue('localhost')), ca: ca.cert };
    const stage = await scene({ ...small, open: () => tcp({ tls, lingerMs: 1 }) });
    const { near, far } = await stage.meet({ unread: 'near' });
    far.write(bytes('all of it'));
    far.end();
    await until(() => far.settled.length === 2, 'FIN is on its way');
    // Gone by now, it answers with RST whatever it is told: that the reader ends, under TLS.
    far.wire.destroy();
    await until(() => far.closings.length === 1, 'it has waited for nobody');
    near.end();
    near.read();
    await until(() => near.closings.length === 1, 'closed');
    expect([text(near), near.endings, near.closings]).toEqual(['all of it', ['complete'], [{}]]);
    await stage.close();
  });
});

describe('client certificates', () => {
  const withCa = (clientCertificates: 'ask' | 'demand'): TlsOptions => ({
    ...server,
    ca: ca.cert,
    clientCertificates,
  });

  it('that are demanded let in who has a good one, and nobody else', async (test) => {
    const far = await secured(test, withCa('demand'));
    const good = await ca.issue('sensor-7', { names: ['sensor-7.example'] });
    const bad = await strangers.issue('sensor-7');
    const old = await ca.issue('sensor-7', { hours: [-24, -1] });
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const tls = { ca: ca.cert, maxVersion: version };
      for (const certificate of [{}, bad, old]) {
        const heard = far.failed().length;
        expect(await failure(ask(far.port, { ...tls, ...certificate }))).not.toBe('no failure');
        await until(() => far.failed().length > heard, 'the server knows');
        expect(far.failed().at(-1)).toBe('not-trusted');
      }
      expect(await ask(far.port, { ...tls, ...good })).toMatchObject({ answer: 'hello' });
    }
    expect((await far.next()).security).toMatchObject({
      authorized: true,
      peer: { subject: { CN: 'sensor-7' }, names: ['DNS:sensor-7.example'] },
    });
    expect(far.connections).toHaveLength(2);
  });

  it('that are missing, are told of', async (test) => {
    const far = await secured(test, withCa('demand'));
    expect(await failure(ask(far.port, { ca: ca.cert }))).toEqual([
      'not-trusted',
      'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
    ]);
  });

  it('that are asked for may be missing, and may not be bad', async (test) => {
    const far = await secured(test, withCa('ask'));
    expect(await ask(far.port, { ca: ca.cert })).toMatchObject({ answer: 'hello' });
    expect((await far.next()).security).toMatchObject({ authorized: false });
    expect(await ask(far.port, { ca: ca.cert, ...(await ca.issue('sensor-7')) })).toMatchObject({
      answer: 'hello',
    });
    expect((await far.next()).security).toMatchObject({
      authorized: true,
      peer: { subject: { CN: 'sensor-7' } },
    });
    expect(await failure(ask(far.port, { ca: ca.cert, ...(await strangers.issue('sensor-7')) }))).not.toBe(
      'no failure',
    );
    expect(far.failed()).toEqual(['not-trusted']);
  });
});

describe('several certificates', () => {
  it('are chosen by the name that a client asks for', async (test) => {
    const named = (name: string) => ca.issue(name, { names: [name] });
    const far = await secured(test, {
      ...server,
      certificates: { 'a.example': await named('a.example'), '*.b.example': await named('*.b.example') },
    });
    const shown = async (serverName: string) => {
      const { security } = await ask(far.port, { ca: ca.cert, serverName });
      return security.peer?.subject.CN;
    };
    expect(await shown('A.example')).toBe('a.example');
    expect(await shown('x.b.example')).toBe('*.b.example');
    expect(await shown('localhost')).toBe('the server');
    expect(await failure(ask(far.port, { ca: ca.cert, serverName: 'b.example' }))).toEqual([
      'not-trusted',
      'ERR_TLS_CERT_ALTNAME_INVALID',
    ]);
  });
});

describe('certificates that are renewed', () => {
  it('are shown to who comes in from then on, and drop nobody', async (test) => {
    const next = await ca.issue('the renewed');
    const tls$ = new BehaviorSubject<TlsOptions>(server);
    const far = await secured(test, tls$);
    const opened = new Subject<Connection>();
    const staying = firstValueFrom(opened);
    const stays = connect(`localhost:${far.port}`, { tls: { ca: ca.cert } }).subscribe((conn) =>
      opened.next(conn),
    );
    test.onTestFinished(() => stays.unsubscribe());
    const old = await staying;
    tls$.next(next);
    const { security } = await ask(far.port, { ca: ca.cert });
    expect(security.peer?.subject.CN).toBe('the renewed');
    expect(old.security?.peer?.subject.CN).toBe('the server');
    const answer = firstValueFrom(old.messages$);
    await firstValueFrom(old.send(bytes('still here')));
    expect(words(await answer)).toBe('still here');
  });

  it('that are no good leave those from before, and are told as trouble', async (test) => {
    const tls$ = new BehaviorSubject<TlsOptions>(server);
    const far = await secured(test, tls$);
    tls$.next({ ...server, key: (await ca.issue('another')).key });
    tls$.error(new Error('the watcher died'));
    expect(far.events.filter(({ type }) => type === 'trouble')).toMatchObject([
      { error: { code: 'tls-failed', cause: expect.any(TypeError) } },
      { error: { code: 'tls-failed', cause: { message: 'the watcher died' } } },
    ]);
    expect(await ask(far.port, { ca: ca.cert })).toMatchObject({ answer: 'hello' });
  });

  it('come before it listens, or it fails', async () => {
    const { listen } = tcp();
    const failed = (tls: Tls) => lastValueFrom(listen(0, { tls })).catch((error: unknown) => error);
    expect(await failed(of())).toBeInstanceOf(TypeError);
    expect(await failed(of({ cert: 'garbage', key: 'garbage' }))).toBeInstanceOf(TypeError);
    expect(await failed(throwError(() => new Error('no file')))).toMatchObject({ message: 'no file' });
    let bound = 0;
    const waiting = listen(0, { tls: NEVER, openObserver: { next: () => bound++ } }).subscribe();
    await pass(10);
    waiting.unsubscribe();
    expect(bound).toBe(0);
  });

  it('of a client are the latest, whenever it dials', async (test) => {
    const far = await secured(test, { ...server, ca: ca.cert, clientCertificates: 'demand' });
    const tls$ = new BehaviorSubject<TlsOptions>({ ca: ca.cert, ...(await ca.issue('first')) });
    await ask(far.port, tls$);
    tls$.next({ ca: ca.cert, ...(await ca.issue('second')) });
    await ask(far.port, tls$);
    expect(far.connections.map(({ security }) => security?.peer?.subject.CN)).toEqual(['first', 'second']);
  });
});

describe('a pre-shared key', () => {
  const key = new Uint8Array(32).fill(7);
  const keys = (identity: string) => (identity === 'bob' ? key : undefined);

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('stands in for certificates, in %s', async (maxVersion) => {
    const cleanup: (() => void)[] = [];
    const test = { onTestFinished: (after: () => void) => cleanup.push(after) } as unknown as TestContext;
    const far = await secured(test, { presharedKey: keys });
    const with_ = (presharedKey: { identity: string; key: Uint8Array }) =>
      ask(far.port, { presharedKey, maxVersion });
    const { answer, security } = await with_({ identity: 'bob', key });
    expect([answer, security.authorized, security.protocol]).toEqual(['hello', true, maxVersion]);
    expect((await far.next()).security).toMatchObject({ authorized: true, identity: 'bob' });
    expect(await failure(with_({ identity: 'eve', key }))).not.toBe('no failure');
    expect(await failure(with_({ identity: 'bob', key: new Uint8Array(32) }))).not.toBe('no failure');
    expect(far.connections).toHaveLength(1);
    for (const after of cleanup) after();
  });
});

it('A function from identity to key that throws ends that handshake, and nothing else', async (test) => {
  const presharedKey = (identity: string) => JSON.parse(identity) as Uint8Array;
  const far = await secured(test, { presharedKey });
  const key = new Uint8Array(32);
  expect(await failure(ask(far.port, { presharedKey: { identity: '{', key } }))).not.toBe('no failure');
  await until(() => far.failed().length === 1, 'told');
  expect(far.events.at(-1)).toMatchObject({ type: 'failed', error: { cause: expect.any(SyntaxError) } });
});

describe('TLS that cannot be meant', () => {
  const { listen, dial } = tcp();

  it.each<[string, TlsOptions]>([
    ['what is no certificate', { cert: 'x', key: 'y' }],
    ['ciphers that are none', { ciphers: 'x' }],
    ['a protocol whose name is too long', { alpn: ['x'.repeat(256)] }],
  ])('leaves no socket open behind a dial: %s', async (_, tls) => {
    const cleanup: (() => void)[] = [];
    const test = { onTestFinished: (after: () => void) => cleanup.push(after) } as unknown as TestContext;
    let hangsUp: Promise<unknown> | undefined;
    const port = await rawServer(test, (peer) => {
      hangsUp = peer.end;
    });
    await expect(firstValueFrom(dial(port, { tls }))).rejects.toThrow();
    await until(() => hangsUp !== undefined, 'called');
    await hangsUp;
    for (const after of cleanup) after();
  });

  it('is no wire where the certificates end before there are any', async (test) => {
    const port = await rawServer(test, () => {});
    await expect(lastValueFrom(dial(port, { tls: EMPTY }))).rejects.toThrow(TypeError);
  });

  it.each(['', 5, null])('throws at once where the name of a server is %j', (serverName) => {
    expect(() => dial(1, { tls: { serverName } as TlsOptions })).toThrow(TypeError);
  });

  it.each([
    [0, RangeError],
    [Number.NaN, RangeError],
    ['1', TypeError],
  ])('throws at once where a handshake may take %s', (handshakeTimeoutMs, error) => {
    const tls = { handshakeTimeoutMs } as TlsOptions;
    expect(() => dial(1, { tls })).toThrow(error);
    expect(() => listen(1, { tls: { ...server, ...tls } })).toThrow(error);
  });

  it.each<[string, Tls]>([
    ['no certificate', true],
    ['no certificate', {}],
    ['a certificate without its key', { cert: 'x' }],
    ['what is no certificate', { cert: 'x', key: 'y' }],
    ['a key in place of a function', { presharedKey: { identity: 'bob', key: new Uint8Array(16) } }],
    ['an unknown word', { clientCertificates: 'maybe' as never, cert: 'x', key: 'y' }],
  ])('throws for %s', (_, tls) => {
    expect(() => listen(0, { tls })).toThrow(TypeError);
  });

  it('throws where everybody would be trusted', () => {
    expect(() => listen(0, { tls: { ...server, clientCertificates: 'demand' } })).toThrow('need ca');
  });

  it('throws on a transport that has none, which would pass everything in the clear', () => {
    const bare: Transport = { listen: () => NEVER, dial: () => NEVER };
    expect(() => connect(1, { tls: true, transport: bare })).toThrow('does not know tls');
  });
});
