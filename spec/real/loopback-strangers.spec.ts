import {
  type Connection,
  type ConnectOptions,
  connect,
  consume,
  converse,
  type TinyprotoOptions,
  tinyproto,
} from 'rx-tinyproto';
import {
  catchError,
  firstValueFrom,
  ignoreElements,
  lastValueFrom,
  merge,
  NEVER,
  type Observable,
  Subject,
  take,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import { type Cleanup, type Raw, rawClient, rawServer, roundTrip, serving } from '../helpers/loopback.js';

const text = (words: string) => Buffer.from(words).toString('hex');

const foreign = {
  HTTP: text('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
  // The beginning of a ClientHello.
  TLS: `16030100f1010000ed0303${'5a'.repeat(32)}20${'a5'.repeat(32)}`,
  SSH: text('SSH-2.0-OpenSSH_9.6\r\n'),
  SMTP: text('220 mail.example ESMTP\r\n'),
};

const wrongBytes = Array.from({ length: 255 }, (_, byte) => byte);
const asHex = (byte: number) => byte.toString(16).padStart(2, '0');

/** What our client makes of a wrong opening byte. */
const codeOf = (byte: number) =>
  ({ 0: 'opening-refused', 253: 'conflict', 254: 'connection-limit' })[byte] ?? 'bad-opening';

/** Waits that are over soon, for peers that are too slow. */
const impatient: TinyprotoOptions = {
  openingTimeoutMs: 150,
  headerTimeoutMs: 150,
  payloadTimeoutMs: 150,
  payloadFloorBytesPerSecond: 1_000_000,
  okTimeoutMs: 150,
};

/** Too slow, and yet never idle for long: says one byte after the other until the other side has had enough. */
const drips = async (peer: Raw, hex: string) => {
  let at = 0;
  const drop = () => {
    void peer.write(hex.slice(at, at + 2));
    at += 2;
    if (at === hex.length) clearInterval(dripping);
  };
  const dripping = setInterval(drop, 60);
  await peer.end;
  clearInterval(dripping);
};

const hears = ({ messages$ }: Connection) => messages$;

describe('Our server', () => {
  it.for(Object.entries(foreign))('hangs up on %s', async ([, hello], test) => {
    const ours = await serving(test, hears);
    const peer = await rawClient(test, ours.port);
    await peer.write(hello);
    expect(await peer.end).toBe('fin');
    expect(peer.heard).toBe('ff');
    expect(ours.connections).toEqual([]);
  });

  it('hangs up on every wrong opening byte, and goes on serving', async (test) => {
    const ours = await serving(test, hears);
    for (const byte of wrongBytes) {
      const peer = await rawClient(test, ours.port);
      await peer.write(asHex(byte));
      expect([byte, await peer.end, peer.heard]).toEqual([byte, 'fin', 'ff']);
    }
    expect(ours.connections).toEqual([]);
    const peer = await rawClient(test, ours.port);
    await peer.write('ff 00000000');
    expect(await peer.hears(2)).toBe('ffff');
  });

  it('cuts a peer that does not open', async (test) => {
    const ours = await serving(test, hears, { framing: tinyproto(impatient) });
    const peer = await rawClient(test, ours.port);
    expect(await peer.end).toBe('fin');
    expect(peer.heard).toBe('ff');
    expect(ours.connections).toEqual([]);
  });

  it('cuts a peer whose header, or payload, comes too slowly, however busy it is, and serves others meanwhile', async (test) => {
    const framing = tinyproto({ ...impatient, openingTimeoutMs: 5_000 });
    const ours = await serving(test, hears, { framing });
    const slowHeader = await rawClient(test, ours.port);
    const slowPayload = await rawClient(test, ours.port);
    const healthy = await rawClient(test, ours.port);
    await slowHeader.write('ff');
    await slowPayload.write('ff 00000064');
    await healthy.write('ff');
    const slow = Promise.all([drips(slowHeader, '000000'), drips(slowPayload, '00'.repeat(99))]);

    const messages: Uint8Array[] = [];
    const conn = await ours.from(healthy.port);
    conn.messages$.subscribe((message) => messages.push(message));
    for (let count = 1; count <= 20; count++) {
      await healthy.write('00000001 61');
      await healthy.hears(1 + count);
    }
    expect(messages).toHaveLength(20);

    await slow;
    const how = async ({ port }: Raw) => firstValueFrom((await ours.from(port)).closed$);
    expect(await how(slowHeader)).toMatchObject({ by: 'error', error: { code: 'header-timeout' } });
    expect(await how(slowPayload)).toMatchObject({ by: 'error', error: { code: 'payload-timeout' } });
    expect(ours.errors).toHaveLength(2);
  });

  it('holds a peer by its OKs while the consumer is at work', async (test) => {
    const done = new Subject<void>();
    const ours = await serving(test, ({ messages$ }) => messages$.pipe(consume(() => done.pipe(take(1)))));
    const peer = await rawClient(test, ours.port);
    await peer.write('ff');
    for (let count = 0; count < 5; count++) await peer.write('00000001 61');
    for (let count = 1; count <= 5; count++) {
      expect(await peer.hears(1 + count)).toBe('ff'.repeat(1 + count));
      await roundTrip(test);
      expect(peer.heard).toBe('ff'.repeat(1 + count));
      done.next();
    }
  });
});

describe('Our client', () => {
  /** What the conversation with such a server ends with. */
  const meeting = async (
    test: Cleanup,
    server: (peer: Raw) => unknown,
    options: ConnectOptions = {},
    handler: (conn: Connection) => Observable<unknown> = hears,
  ) => {
    const port = await rawServer(test, server);
    const conversation = connect(port, options).pipe(converse(handler), ignoreElements());
    return lastValueFrom(conversation, { defaultValue: undefined }).catch((error: unknown) => error);
  };
  const framing = tinyproto(impatient);

  it.for(Object.entries(foreign))('hangs up on %s', async ([, hello], test) => {
    const error = await meeting(test, (peer) => peer.write(hello));
    expect(error).toMatchObject({ kind: 'protocol', code: 'bad-opening' });
  });

  it('tells every wrong opening byte by its code', async (test) => {
    const answers = [...wrongBytes];
    const port = await rawServer(test, (peer) => peer.write(asHex(answers.shift() ?? 0)));
    for (const byte of wrongBytes) {
      const error = await lastValueFrom(connect(port)).catch((failed: unknown) => failed);
      expect([byte, error]).toMatchObject([byte, { kind: 'protocol', code: codeOf(byte) }]);
    }
  });

  it('gives up on a server that does not open', async (test) => {
    const silent = () => {};
    expect(await meeting(test, silent, { framing })).toMatchObject({ code: 'opening-timeout' });
    const shorter = { framing, connectTimeoutMs: 50 };
    expect(await meeting(test, silent, shorter)).toMatchObject({ kind: 'wire', code: 'connect-timeout' });
  });

  it('gives up on a header, a payload and an OK that do not come', async (test) => {
    const says = (hex: string, handler?: (conn: Connection) => Observable<unknown>) =>
      meeting(test, (peer) => peer.write(hex), { framing }, handler);
    const speaks = (conn: Connection) =>
      merge(hears(conn), conn.send(Uint8Array.of(1)).pipe(catchError(() => NEVER)));
    expect(await says('ff 000000')).toMatchObject({ kind: 'protocol', code: 'header-timeout' });
    expect(await says('ff 00000002 61')).toMatchObject({ kind: 'protocol', code: 'payload-timeout' });
    expect(await says('ff', speaks)).toMatchObject({ kind: 'protocol', code: 'ok-timeout' });
  });

  it('takes 00 for the beginning of a header, not for an answer', async (test) => {
    const answers = async (peer: Raw) => {
      await peer.write('ff');
      await peer.hears(5);
      await peer.write('00');
    };
    const error = await meeting(test, answers, { framing: tinyproto({ headerTimeoutMs: 150 }) }, (conn) =>
      merge(hears(conn), conn.send(Uint8Array.of(1)).pipe(catchError(() => NEVER))),
    );
    expect(error).toMatchObject({ kind: 'protocol', code: 'header-timeout' });
  });

  it.for([
    ['ff', 'unexpected-answer'],
    ['fd', 'unexpected-answer'],
    ['fe', 'unexpected-signal'],
    ['f1', 'unexpected-signal'],
  ])('finds a stray %s between messages: %s', async ([signal, code], test) => {
    const error = await meeting(test, (peer) => peer.write(`ff 00000001 61 ${signal}`));
    expect(error).toMatchObject({ kind: 'protocol', code });
  });
});
