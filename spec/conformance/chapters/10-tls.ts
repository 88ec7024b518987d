import { connect as dialSocket } from 'node:net';
import { connect as dialTls } from 'node:tls';
import { type ConnectOptions, lines, type Tls, type TlsOptions, tinyproto } from 'rx-tinyproto';
import {
  BehaviorSubject,
  concat,
  concatMap,
  defer,
  from,
  ignoreElements,
  merge,
  Observable,
  Subject,
  switchMap,
  take,
  tap,
  timer,
} from 'rxjs';
import { type Authority, authority, type Issued } from '../../helpers/certificates.js';
import { echoes, reads } from '../apps.js';
import { calls, check, endsWith, expect, inTurn, type Up, withPeers, withServer } from '../plays.js';
import { type App, chapter, fact, type Play, type Stage } from '../suite.js';
import { hex, messageBytes, says, waits } from '../words.js';

interface Papers {
  readonly ca: Authority;
  readonly strangers: Authority;
  readonly server: Issued;
}

/** Made at the first case that needs them. */
let papers: Promise<Papers> | undefined;
const issued = async (): Promise<Papers> => {
  const [ca, strangers] = await Promise.all([authority(), authority('Somebody else')]);
  return { ca, strangers, server: await ca.issue('the server') };
};

/** A play with certificates, over TCP. */
const secured = (name: string, plays: (stage: Stage, papers: Papers) => Observable<unknown>): Play => ({
  name,
  roads: ['TCP'],
  plays: (stage) =>
    defer(() => {
      papers ??= issued();
      return from(papers).pipe(concatMap((all) => plays(stage, all)));
    }),
});

const host = (at: Up['at']) => `localhost:${(at as { port: number }).port}`;

/** Asks once, and is answered. */
const asks: App = (connection, book) =>
  merge(
    book.send(connection, messageBytes('hello')).pipe(ignoreElements()),
    book.read(connection).pipe(take(1)),
  );

const answered = (stage: Stage, { at }: Up, tls: Tls, options: ConnectOptions = {}) =>
  inTurn(
    endsWith(calls(stage, host(at), asks, { ...options, tls }), 'complete'),
    check(() => expect('it is answered', stage.book.messages.length > 0)),
  );
const fails = (stage: Stage, { at }: Up, tls: Tls, ...codes: readonly string[]) =>
  endsWith(calls(stage, host(at), asks, { tls }), ...codes);

/** Whoever should not be trusted, by what is wrong with his certificate. */
const untrusted = (name: string, of: (papers: Papers) => Promise<Issued>) =>
  secured(name, (stage, all) =>
    from(of(all)).pipe(
      concatMap((certificate) =>
        withServer(stage, { app: echoes, address: 'localhost:0', tls: certificate }, (up) =>
          fails(stage, up, { ca: all.ca.cert }, 'not-trusted'),
        ),
      ),
    ),
  );

/** Emits when the other side has ended a plain socket that has said so much of a handshake. */
const stalls = (at: Up['at'], said: string) =>
  new Observable<never>((subscriber) => {
    const socket = dialSocket(at as { host: string; port: number }, () =>
      socket.write(Buffer.from(said, 'hex')),
    );
    socket.on('error', () => {});
    socket.on('close', () => subscriber.complete());
    socket.resume();
    return () => socket.destroy();
  });

export const tlsChapter = chapter(10, 'TLS', [
  fact(
    'A conversation over TLS is one over TCP',
    ...(['TLSv1.2', 'TLSv1.3'] as const).map((maxVersion) =>
      secured(maxVersion, (stage, { ca, server }) =>
        withServer(stage, { app: echoes, address: 'localhost:0', tls: server }, (up) =>
          answered(stage, up, { ca: ca.cert, maxVersion }),
        ),
      ),
    ),
  ),
  fact(
    'A server who is not whom he should be is not trusted',
    untrusted('of an authority that nobody knows', ({ strangers }) => strangers.issue('the server')),
    untrusted('expired', ({ ca }) => ca.issue('the server', { hours: [-24, -1] })),
    untrusted('not valid yet', ({ ca }) => ca.issue('the server', { hours: [1, 24] })),
    untrusted('of another name', ({ ca }) => ca.issue('the server', { names: ['elsewhere.example'] })),
  ),
  fact(
    'Plain meets TLS, and both give up',
    secured('a plain client', (stage, { server, ca }) =>
      withServer(stage, { app: echoes, address: 'localhost:0', tls: server }, (up) =>
        inTurn(
          endsWith(
            calls(stage, host(up.at), reads, { framing: tinyproto({ openingTimeoutMs: 60 }) }),
            'opening-timeout',
          ),
          answered(stage, up, { ca: ca.cert }),
        ),
      ),
    ),
    secured('another protocol', (stage, { server, ca }) =>
      withServer(stage, { app: echoes, address: 'localhost:0', tls: server }, (up) =>
        inTurn(stalls(up.at, '474554202f20485454502f312e310d0a0d0a'), answered(stage, up, { ca: ca.cert })),
      ),
    ),
    secured('a plain server', (stage, { ca }) =>
      withPeers(stage, [[says(hex('5353482d322e300d0a')), waits(50)]], (at) =>
        endsWith(calls(stage, at, reads, { tls: { ca: ca.cert } }), 'tls-failed', 'reset'),
      ),
    ),
  ),
  fact(
    'A handshake that stalls is cut, and its socket destroyed',
    ...Object.entries({ silent: '', begun: '16030100c8' }).map(([name, said]) =>
      secured(`our server, ${name}`, (stage, { server, ca }) =>
        withServer(
          stage,
          { app: echoes, address: 'localhost:0', tls: { ...server, handshakeTimeoutMs: 60 } },
          (up) => inTurn(stalls(up.at, said), answered(stage, up, { ca: ca.cert })),
        ),
      ),
    ),
    secured('our client', (stage, { ca }) =>
      withPeers(stage, [[]], (at) =>
        endsWith(
          calls(stage, at, reads, { tls: { ca: ca.cert, handshakeTimeoutMs: 60 } }),
          'handshake-timeout',
        ),
      ),
    ),
  ),
  fact(
    'A client certificate that is demanded lets in who has a good one, and nobody else',
    secured('each in turn', (stage, { ca, strangers, server }) => {
      const tls: TlsOptions = { ...server, ca: ca.cert, clientCertificates: 'demand' };
      const client = { ca: ca.cert };
      return from(
        Promise.all([
          ca.issue('sensor-7'),
          strangers.issue('sensor-7'),
          ca.issue('sensor-7', { hours: [-24, -1] }),
        ]),
      ).pipe(
        concatMap(([good, bad, old]) =>
          withServer(stage, { app: echoes, address: 'localhost:0', tls }, (up) =>
            inTurn(
              // With TLS 1.3 the client is through before the server has looked: what it sees of the refusal is a race.
              ...[{}, bad, old].map((each) =>
                fails(stage, up, { ...client, ...each }, 'not-trusted', 'reset', 'tls-failed', 'cut-short'),
              ),
              answered(stage, up, { ...client, ...good }),
            ),
          ),
        ),
      );
    }),
  ),
  fact(
    'FIN inside a message is cut-short',
    secured('in lines', (stage, { ca, server }) =>
      withServer(stage, { app: reads, address: 'localhost:0', tls: server, framing: lines() }, ({ at }) =>
        inTurn(
          new Observable<never>((subscriber) => {
            const { port } = at as { port: number };
            const socket = dialTls({ port, host: 'localhost', ca: ca.cert }, () => socket.end('half a li'));
            socket.on('error', () => {});
            socket.on('close', () => subscriber.complete());
            socket.resume();
            return () => socket.destroy();
          }),
          stage.book.over(1),
          check(() => expect(`${stage.book.endings}`, stage.book.endings[0] === 'error cut-short')),
        ),
      ),
    ),
  ),
  fact(
    'Certificates are renewed, and nobody is dropped',
    secured('one who stays', (stage, { ca, server }) =>
      from(ca.issue('the renewed')).pipe(
        concatMap((next) => {
          const tls$ = new BehaviorSubject<TlsOptions>(server);
          const renewed = new Subject<void>();
          const names: unknown[] = [];
          const stays: App = (connection, book) => {
            names.push(connection.security?.peer?.subject.CN);
            const answers = book.read(connection).pipe(take(1));
            return merge(
              answers,
              renewed.pipe(
                take(1),
                switchMap(() => book.send(connection, messageBytes('still here'))),
                ignoreElements(),
              ),
            );
          };
          const comes: App = (connection, book) => {
            names.push(connection.security?.peer?.subject.CN);
            return asks(connection, book);
          };
          const options = { tls: { ca: ca.cert } };
          return withServer(stage, { app: echoes, address: 'localhost:0', tls: tls$ }, ({ at }) =>
            inTurn(
              merge(
                calls(stage, host(at), stays, options),
                concat(
                  timer(100).pipe(tap(() => tls$.next(next))),
                  calls(stage, host(at), comes, options),
                  defer(() => {
                    renewed.next();
                    return [];
                  }),
                ),
              ),
              check(() => expect(`${names}`, names.join() === 'the server,the renewed')),
              check(() => expect('both are answered', stage.book.messages.length >= 2)),
            ),
          );
        }),
      ),
    ),
  ),
]);
