import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type BoundAddress,
  type Connection,
  type ConnectOptions,
  consume,
  converse,
  type ListenOptions,
  lengthPrefixed,
  lines,
  type ServerEvent,
  serve,
  text,
  tinyproto,
  type WireError,
} from 'rx-tinyproto';
import { connect, listen, type WebSocketOptions, webSocket } from 'rx-tinyproto/websocket';
import {
  catchError,
  EMPTY,
  expand,
  filter,
  firstValueFrom,
  ignoreElements,
  lastValueFrom,
  map,
  merge,
  NEVER,
  type Observable,
  of,
  Subject,
  type Subscription,
  take,
  tap,
  timer,
  toArray,
} from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { authority } from '../helpers/certificates.js';

const running: Subscription[] = [];
const closing: (() => void)[] = [];
afterEach(() => {
  for (const each of running.splice(0)) each.unsubscribe();
  for (const close of closing.splice(0)) close();
});

const echo = serve((conn: Connection) => conn.messages$.pipe(consume((message) => conn.send(message))));

/** Runs a server; gives its URL. */
async function served(
  options: ListenOptions = {},
  server: (connections$: Observable<Connection>) => Observable<unknown> = echo,
  path = '/',
): Promise<string> {
  const bound = new Subject<readonly BoundAddress[]>();
  const first = firstValueFrom(bound);
  running.push(
    listen(`ws://127.0.0.1:0${path}`, { ...options, openObserver: bound })
      .pipe(server)
      .subscribe(),
  );
  const [at] = (await first) as readonly { readonly host: string; readonly port: number }[];
  return `ws://${at?.host}:${at?.port}${path}`;
}

/** The answers to some messages, as many as there were. */
const answers = (url: string, messages: readonly Uint8Array[], options: ConnectOptions = {}) =>
  lastValueFrom(
    connect(url, options).pipe(
      converse((conn) =>
        merge(conn.messages$.pipe(take(messages.length)), conn.sendAll(messages).pipe(ignoreElements())),
      ),
      toArray(),
    ),
  );

/** The code with which it does not come up, or ends. */
const codeOf = (url: string, options: WebSocketOptions = {}) =>
  firstValueFrom(
    connect(url, { transport: webSocket(options) }).pipe(
      converse((conn) => conn.messages$),
      catchError((error: WireError) => of(error.code)),
    ),
    { defaultValue: 'a clean end' },
  );

const bytes = (...values: number[]) => Uint8Array.from(values);

describe('connections over WebSockets', () => {
  it('carry each message as a frame, whole however large it is', async () => {
    const url = await served();
    const large = new Uint8Array(1_000_000).fill(7);
    const got = await answers(url, [bytes(1), large, bytes(2, 3)]);
    expect(got.map((each) => each.length)).toEqual([1, 1_000_000, 2]);
    expect(Buffer.compare(got[1] ?? bytes(), large)).toBe(0);
  });

  it('run every other framing over frames that are cut anywhere', async () => {
    for (const framing of [lines(), lengthPrefixed(), tinyproto()]) {
      const url = await served({ framing });
      const got = await answers(url, [bytes(1), new Uint8Array(300).fill(2)], { framing });
      expect(got.map((each) => each.length)).toEqual([1, 300]);
    }
  });

  it('speak with others’ WebSockets: what they send is a message, what we send a binary frame', async () => {
    const socket = new WebSocket(await served());
    closing.push(() => socket.terminate());
    await new Promise((open) => socket.once('open', open));
    const answer = new Promise((got) => socket.once('message', (message, binary) => got([message, binary])));
    socket.send(bytes(9, 8));
    expect(await answer).toEqual([Buffer.from([9, 8]), true]);
  });

  it('take a frame of nothing for no message, as no framing could send one', async () => {
    const socket = new WebSocket(await served());
    closing.push(() => socket.terminate());
    await new Promise((open) => socket.once('open', open));
    const answer = new Promise((got) => socket.once('message', got));
    socket.send(bytes());
    socket.send(bytes(9));
    expect(await answer).toEqual(Buffer.from([9]));
  });

  it('cannot be half-closed', async () => {
    const url = await served();
    const ended$ = connect(url, { framing: lines() }).pipe(converse((conn) => conn.end()));
    await expect(lastValueFrom(ended$)).rejects.toThrow(TypeError);
  });

  it('deliver what had come before the peer closed, and end cleanly', async () => {
    const got: number[] = [];
    const closed = new Subject<unknown>();
    const url = await served(
      {},
      serve((conn: Connection) => {
        conn.closed$.subscribe(closed);
        return conn.messages$.pipe(
          consume((message) => {
            got.push(message[0] ?? 0);
            return new Promise((done) => setTimeout(done, 2));
          }),
        );
      }),
    );
    const whole = firstValueFrom(closed);
    const messages = Array.from({ length: 20 }, (_, at) => bytes(at));
    await lastValueFrom(connect(url).pipe(converse((conn) => conn.sendAll(messages))));
    expect(await whole).toMatchObject({ by: 'peer' });
    await expect.poll(() => got.length).toBe(20);
  });
});

describe('who sends whenever the last message was taken', () => {
  const ways = { callbacks: byCallbacks, promises: byPromises };
  it.each(Object.keys(ways) as (keyof typeof ways)[])('lets the loop go round: by %s', async (way) => {
    const url = await served(
      {},
      serve((conn) => conn.messages$),
    );
    let sent = 0;
    const turns = [0];
    const turn = () => {
      turns.push(sent);
      if (sent < 10_000) setImmediate(turn);
    };
    await lastValueFrom(
      connect(url, { framing: lengthPrefixed() }).pipe(
        converse((conn) => {
          setImmediate(turn);
          return ways[way](conn, () => ++sent < 10_000);
        }),
      ),
    );
    const between = turns.map((at, index) => at - (turns[index - 1] ?? 0));
    expect(sent).toBe(10_000);
    expect(Math.max(...between)).toBeLessThan(1_000);
  });
});

function byCallbacks(conn: Connection, goesOn: () => boolean): Observable<unknown> {
  return conn.send(new Uint8Array(8)).pipe(expand(() => (goesOn() ? conn.send(new Uint8Array(8)) : EMPTY)));
}

async function byPromises(conn: Connection, goesOn: () => boolean): Promise<void> {
  do await firstValueFrom(conn.send(new Uint8Array(8)));
  while (goesOn());
}

describe('the way a peer closes', () => {
  it.each([
    [1000, 'a clean end'],
    [1001, 'a clean end'],
    [undefined, 'a clean end'],
    [1011, 'closed-with-code'],
    [4000, 'closed-with-code'],
    [4006, 'reset'],
    ['terminate', 'reset'],
  ] as const)('with %s is %s', async (code, expected) => {
    const server = createServer().listen(0, '127.0.0.1');
    closing.push(() => server.close());
    const { WebSocketServer } = await import('ws');
    new WebSocketServer({ server }).on('connection', (socket) => {
      if (code === 'terminate') socket.terminate();
      else socket.close(code, 'because');
    });
    await new Promise((open) => server.once('listening', open));
    const { port } = server.address() as AddressInfo;
    expect(await codeOf(`ws://127.0.0.1:${port}`)).toBe(expected);
  });
});

describe('a peer that closes with a code', () => {
  it('is heard to the end first, however slowly', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    closing.push(() => server.close());
    const { WebSocketServer } = await import('ws');
    new WebSocketServer({ server }).on('connection', (socket) => {
      for (const each of [1, 2, 3, 4]) socket.send(bytes(each));
      socket.close(4000);
    });
    await new Promise((open) => server.once('listening', open));
    const got: unknown[] = [];
    const slowly$ = connect(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`).pipe(
      converse((conn) =>
        conn.messages$.pipe(
          tap(([value]) => got.push(value)),
          consume(() => timer(2)),
        ),
      ),
    );
    await expect(lastValueFrom(slowly$)).rejects.toMatchObject({ code: 'closed-with-code' });
    expect(got).toEqual([1, 2, 3, 4]);
  });
});

describe('options', () => {
  it('that are no limits are refused at the call', () => {
    for (const wrong of [{ maxMessageBytes: 0 }, { pingMs: 0 }, { probeMs: -1 }])
      expect(() => webSocket(wrong)).toThrow(RangeError);
    expect(() => webSocket({ lingerMs: Number.NaN })).toThrow(TypeError);
  });

  it('may be times that never end', async () => {
    const ever = Number.POSITIVE_INFINITY;
    const transport = webSocket({ pingMs: ever, probeMs: ever, lingerMs: ever, handshakeTimeoutMs: ever });
    const socket = new WebSocket(
      await served(
        { transport },
        serve(() => NEVER),
      ),
    );
    closing.push(() => socket.terminate());
    let heard = 0;
    socket.on('ping', () => heard++).on('pong', () => heard++);
    await new Promise((open) => socket.once('open', open));
    await new Promise((over) => setTimeout(over, 30));
    expect(heard).toBe(0);
  });
});

describe('a connection on which nothing goes', () => {
  /** Connected to a server with this handler. Gives the signs of life that come. */
  const signs = async (handler: (conn: Connection) => Observable<unknown>) => {
    const transport = webSocket({ pingMs: 5, probeMs: 5 });
    const socket = new WebSocket(await served({ transport }, serve(handler)));
    closing.push(() => socket.terminate());
    const heard: string[] = [];
    for (const sign of ['ping', 'pong']) socket.on(sign, () => heard.push(sign));
    socket.once('open', () => socket.send(bytes(1)));
    return heard;
  };

  it('has pings while it is read', async () => {
    const heard = await signs((conn) => conn.messages$);
    await expect.poll(() => heard.length, { interval: 5 }).toBeGreaterThan(2);
    expect(heard).not.toContain('pong');
  });

  it('has signs that ask for no answer while its peer is held', async () => {
    const heard = await signs(() => NEVER);
    const sinceHeld = () => heard.slice(heard.indexOf('pong'));
    await expect.poll(() => heard.includes('pong') && sinceHeld().length > 2, { interval: 5 }).toBe(true);
    expect(sinceHeld()).not.toContain('ping');
  });
});

describe('what is refused', () => {
  const said = async (options: WebSocketOptions, send: (socket: WebSocket) => void) => {
    const error = new Subject<unknown>();
    const onError = (each: unknown) => error.next((each as { code: string }).code);
    const url = await served(
      { transport: webSocket(options) },
      serve((conn: Connection) => conn.messages$.pipe(consume((message) => conn.send(message))), { onError }),
    );
    const heard = firstValueFrom(error);
    const socket = new WebSocket(url);
    closing.push(() => socket.terminate());
    const closed = new Promise((close) => socket.once('close', close));
    socket.once('open', () => send(socket));
    return { heard, closed, socket };
  };

  it('are text frames: the peer is told so', async () => {
    const { heard, closed } = await said({}, (socket) => socket.send('text'));
    expect([await heard, await closed]).toEqual(['bad-frame', 4003]);
  });

  it('are frames above `maxMessageBytes`', async () => {
    const { heard, closed } = await said({ maxMessageBytes: 10 }, (socket) =>
      socket.send(bytes(...Array(11))),
    );
    expect([await heard, await closed]).toEqual(['bad-frame', 1009]);
  });

  it('are not text frames, where they may pass', async () => {
    const { socket } = await said({ textFrames: 'pass' }, (socket) => socket.send('é'));
    const message = await new Promise((got) => socket.once('message', got));
    expect(message).toEqual(Buffer.from('é'));
  });
});

describe('a handshake', () => {
  const dial = (url: string, headers: Record<string, string>) => codeOf(url, { headers });

  it('is refused to pages of other hosts, unless they are named', async () => {
    const options = { origins: ['https://example.org'] };
    const url = await served(
      { transport: webSocket(options) },
      serve((conn) => conn.send(bytes(1))),
    );
    const own = url.replace('ws', 'http').replace(/\/$/, '');
    const strangers = ['https://evil.example', 'null', '', own.replace('http', 'chrome-extension')];
    for (const origin of strangers) expect(await dial(url, { origin })).toBe('access-denied');
    for (const origin of ['https://example.org', own]) expect(await dial(url, { origin })).toEqual(bytes(1));
  });

  it('is refused where `admit` says no', async () => {
    const admit: WebSocketOptions['admit'] = (request) => request.headers.token === 'open sesame';
    const url = await served(
      { transport: webSocket({ admit }) },
      serve((conn) => conn.send(bytes(1))),
    );
    expect(await dial(url, {})).toBe('access-denied');
    expect(await dial(url, { token: 'open sesame' })).toEqual(bytes(1));
  });

  it('is refused where `admit` throws, or says neither yes nor no, and the server lives', async () => {
    const admit = ({ headers: { token } }: IncomingMessage) => {
      if (token === 'none') throw new Error('what a token!');
      return token === 'late' ? Promise.resolve(false) : true;
    };
    const events = new Subject<ServerEvent>();
    const trouble = firstValueFrom(events.pipe(filter(({ type }) => type === 'trouble')));
    const url = await served(
      { transport: webSocket({ admit: admit as () => boolean }), eventObserver: events },
      serve((conn) => conn.send(bytes(1))),
    );
    expect(await dial(url, { token: 'none' })).toBe('handshake-failed');
    expect(await trouble).toMatchObject({ error: { cause: { message: 'what a token!' } } });
    expect(await dial(url, { token: 'late' })).toBe('access-denied');
    expect(await dial(url, {})).toEqual(bytes(1));
  });

  it('agrees on a subprotocol, and is refused without one', async () => {
    const protocols = ['v2', 'v1'];
    const url = await served(
      { transport: webSocket({ protocols }) },
      serve((conn) => conn.send(bytes(1))),
    );
    expect(await codeOf(url)).toBe('handshake-failed');
    expect(await codeOf(url, { protocols: ['v0'] })).toBe('handshake-failed');
    const socket = new WebSocket(url, ['v0', 'v1', 'v2']);
    closing.push(() => socket.terminate());
    await new Promise((open) => socket.once('open', open));
    expect([socket.protocol, socket.extensions]).toEqual(['v2', '']);
  });

  it('is there to be read by both sides: who asked for what, and what was agreed on', async () => {
    const transport = webSocket({ protocols: ['v1'] });
    const url = await served(
      { transport },
      serve((conn) => of(conn.upgrade).pipe(tap((got) => asked.push(got)))),
    );
    const asked: Connection['upgrade'][] = [];
    const calling = webSocket({ protocols: ['v1'], headers: { cookie: 'user=7' } });
    const [answered] = await lastValueFrom(
      connect(`${url}?room=7`, { transport: calling }).pipe(
        map((conn) => conn.upgrade),
        toArray(),
      ),
    );
    expect(asked).toEqual([
      { url: '/?room=7', protocol: 'v1', headers: expect.objectContaining({ cookie: 'user=7' }) },
    ]);
    expect(answered).toEqual({
      url: `${url}?room=7`,
      protocol: 'v1',
      headers: expect.objectContaining({ 'sec-websocket-protocol': 'v1' }),
    });
  });

  it('fails where another path is listened on, or no WebSocket', async () => {
    const url = await served({}, echo, '/here');
    expect(await codeOf(url.replace('here', 'there'))).toBe('handshake-failed');
    const server = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1');
    closing.push(() => server.close());
    await new Promise((open) => server.once('listening', open));
    expect(await codeOf(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)).toBe('handshake-failed');
  });

  it('that does not come is hung up on', async () => {
    const url = await served({ transport: webSocket({ handshakeTimeoutMs: 40 }) });
    const socket = connectTcp(Number(new URL(url).port), '127.0.0.1');
    closing.push(() => socket.destroy());
    socket.on('data', () => {});
    await new Promise((ended) => socket.once('end', ended));
  });
});

describe('an HTTP server that is there already', () => {
  const server = async () => {
    const it = createServer((_, response) => response.end('a page')).listen(0, '127.0.0.1');
    closing.push(() => it.close());
    await new Promise((open) => it.once('listening', open));
    return { server: it, at: `127.0.0.1:${(it.address() as AddressInfo).port}` };
  };

  it('goes on serving, and each path is listened on by itself', async () => {
    const { server: http, at } = await server();
    const transport = webSocket({ server: http });
    for (const path of ['/a', '/b'])
      running.push(
        listen(path, { transport, codec: text() })
          .pipe(serve((conn) => conn.send(path)))
          .subscribe(),
      );
    const heard = (path: string) =>
      firstValueFrom(
        connect(`ws://${at}${path}`, { codec: text() }).pipe(converse((conn) => conn.messages$)),
      );
    expect(await Promise.all([heard('/a'), heard('/b')])).toEqual(['/a', '/b']);
    expect(await (await fetch(`http://${at}`)).text()).toBe('a page');
    expect(await codeOf(`ws://${at}/c`)).toBe('handshake-failed');
    for (const each of running.splice(0)) each.unsubscribe();
    expect(await codeOf(`ws://${at}/a`)).toBe('handshake-failed');
    expect(http.listening).toBe(true);
  });

  it('refuses a path that is taken', async () => {
    const { server: http } = await server();
    const transport = webSocket({ server: http });
    running.push(listen('/a', { transport }).pipe(echo).subscribe());
    await expect(lastValueFrom(listen('/a', { transport }))).rejects.toMatchObject({
      code: 'address-in-use',
    });
    expect(() => listen('ws://127.0.0.1:1/a', { transport })).toThrow(TypeError);
  });
});

describe('an HTTP server that is there already, in unusual circumstances', () => {
  const listening = async (where: string | number) => {
    const server = createServer((_, response) => response.end('a page')).listen(where);
    closing.push(() => server.close());
    await new Promise((open) => server.once('listening', open));
    return server;
  };

  it('is listened on at paths as callers write them', async () => {
    const server = await listening(0);
    running.push(
      listen('/häuser/a b', { transport: webSocket({ server }) })
        .pipe(serve((conn) => conn.send(bytes(1))))
        .subscribe(),
    );
    const { port } = server.address() as AddressInfo;
    expect(await codeOf(`ws://127.0.0.1:${port}/häuser/a b`)).toEqual(bytes(1));
  });

  it('has its upgrades to itself again when nobody listens any more', async () => {
    const server = await listening(0);
    const transport = webSocket({ server });
    const both = ['/a', '/b'].map((path) => listen(path, { transport }).subscribe());
    expect(server.listenerCount('upgrade')).toBe(1);
    for (const each of both) each.unsubscribe();
    expect(server.listenerCount('upgrade')).toBe(0);
  });

  it('may be closed in the turn in which it is listened on', async () => {
    const server = await listening(0);
    const { port } = server.address() as AddressInfo;
    const bound = new Subject<readonly BoundAddress[]>();
    const first = firstValueFrom(bound);
    running.push(listen('/a', { transport: webSocket({ server }), openObserver: bound }).subscribe());
    server.close();
    expect(await first).toMatchObject([{ port }]);
  });

  it('may be on a Unix socket', async () => {
    const path = join(tmpdir(), `rx-${process.pid}-ws.sock`);
    const transport = webSocket({ server: await listening(path) });
    const bound = new Subject<readonly BoundAddress[]>();
    const [first, met] = [firstValueFrom(bound), new Subject<Connection>()];
    const one = firstValueFrom(met);
    running.push(listen('/a', { transport, openObserver: bound }).subscribe(met));
    expect(await first).toEqual([{ path }]);
    const socket = new WebSocket(`ws+unix:${path}:/a`);
    closing.push(() => socket.terminate());
    expect(await one).toMatchObject({ local: { path }, remote: { path: '' } });
    socket.on('error', () => {});
  });
});

describe('wss://', () => {
  it('hangs up on who does not get on with TLS: in time, and when it stops', async () => {
    const tls = await (await authority()).issue('server');
    const silent = async (options: WebSocketOptions) => {
      const bound = new Subject<readonly BoundAddress[]>();
      const first = firstValueFrom(bound);
      const transport = webSocket({ tls, ...options });
      const server = listen('wss://127.0.0.1:0', { transport, openObserver: bound }).subscribe();
      running.push(server);
      const [at] = (await first) as readonly { readonly port: number }[];
      const socket = connectTcp(at?.port ?? 0, '127.0.0.1').resume();
      socket.on('error', () => {}); // a reset is a way to hang up
      closing.push(() => socket.destroy());
      await new Promise((open) => socket.once('connect', open));
      return { server, over: new Promise((over) => socket.once('close', over)) };
    };
    await (await silent({ handshakeTimeoutMs: 30 })).over;
    const { server, over } = await silent({});
    // A caller of which the server does not know yet is not accepted any more, either.
    server.unsubscribe();
    await over;
  });

  it('is WebSockets over TLS: whole, verified, and cut like any other', async () => {
    const { cert: ca, issue } = await authority();
    const bound = new Subject<readonly BoundAddress[]>();
    const first = firstValueFrom(bound);
    const ends: unknown[] = [];
    const secured: Connection['security'][] = [];
    const destroying = serve((conn: Connection) => {
      secured.push(conn.security);
      conn.closed$.subscribe(({ by, error }) => ends.push((error as WireError | undefined)?.code ?? by));
      return conn.messages$.pipe(consume((message) => conn.send(message)));
    });
    running.push(
      listen('wss://127.0.0.1:0/', {
        transport: webSocket({ tls: await issue('server') }),
        openObserver: bound,
      })
        .pipe(destroying)
        .subscribe(),
    );
    const [at] = (await first) as readonly { readonly port: number }[];
    const url = `wss://127.0.0.1:${at?.port}/`;
    const trusting = webSocket({ tls: { ca } });
    const large = new Uint8Array(500_000).fill(3);
    const got = await answers(url, [bytes(1), large], { transport: trusting });
    expect(got.map((each) => each.length)).toEqual([1, 500_000]);
    expect(await codeOf(url)).toBe('not-trusted');
    const cut$ = connect(url, { transport: trusting }).pipe(
      tap((conn) => secured.push(conn.security)),
      tap((conn) => conn.destroy(new Error('enough'))),
      catchError((error: Error) => of(error.message)),
    );
    expect(await lastValueFrom(cut$)).toBe('enough');
    await expect.poll(() => ends).toEqual(['peer', 'reset']);
    const unknown = { protocol: 'TLSv1.3', authorized: false };
    expect(secured).toMatchObject([
      unknown,
      unknown,
      { protocol: 'TLSv1.3', authorized: true, peer: { subject: {} } },
    ]);
  });

  it('names nobody by a certificate that was not verified, where a server of Node’s takes such', async () => {
    const { cert: ca, issue } = await authority();
    const bound = new Subject<readonly BoundAddress[]>();
    const met = new Subject<Connection>();
    const first = firstValueFrom(bound);
    const asking = { requestCert: true, rejectUnauthorized: false, ca };
    const transport = webSocket({ tls: { ...(await issue('server')), ...asking } });
    running.push(listen('wss://127.0.0.1:0/', { transport, openObserver: bound }).subscribe(met));
    const [at] = (await first) as readonly { readonly port: number }[];
    const securityWith = async (own: object) => {
      const one = firstValueFrom(met);
      running.push(
        connect(`wss://127.0.0.1:${at?.port}/`, {
          transport: webSocket({ tls: { ca, ...own } }),
        }).subscribe(),
      );
      return (await one).security;
    };
    const stranger = await (await authority('Nobody knows it')).issue('sensor-7');
    expect(await securityWith(stranger)).toMatchObject({ authorized: false });
    expect(await securityWith(stranger)).not.toHaveProperty('peer');
    expect(await securityWith(await issue('sensor-7'))).toMatchObject({
      authorized: true,
      peer: { subject: { CN: 'sensor-7' } },
    });
  });
});

describe('addresses', () => {
  it('that cannot be meant throw at the call', () => {
    expect(() => connect('ws://')).toThrow(TypeError);
    expect(() => connect('ws://127.0.0.1:1/#part')).toThrow(TypeError);
    expect(() => connect('ws://user@127.0.0.1:1')).toThrow(TypeError);
    expect(() => connect('ws://:secret@127.0.0.1:1')).toThrow(TypeError);
    expect(() => connect('ws://*:80')).toThrow(TypeError);
    expect(() => connect({ path: '/tmp/x.sock' })).toThrow(TypeError);
    expect(() => listen('wss://127.0.0.1:0')).toThrow(TypeError);
  });
});
