import { type Connection, connect, converse, SendError } from 'rx-tinyproto';
import {
  catchError,
  concatMap,
  firstValueFrom,
  from,
  ignoreElements,
  lastValueFrom,
  map,
  type Observable,
  of,
  tap,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import { type Cleanup, type Raw, rawClient, rawServer, serving } from '../helpers/loopback.js';

type Deed = 'fin' | 'rst';

/** A peer's side of a small conversation. It is given a socket and the number of bytes behind which it ends. */
type Side = (peer: Raw, count: number) => Promise<unknown>;

type Handler = (connection: Connection) => Observable<unknown>;

/** What a conversation came to on our side. */
interface Outcome {
  readonly got: readonly unknown[];
  readonly error: unknown;
}

describe('A peer that speaks and then ends, by FIN or RST, at any byte', () => {
  const says = 'ff 00000003 616263 00000000 00000005 68656c6c6f'.replaceAll(' ', '');
  const length = says.length / 2;
  /** By the byte that completes it. */
  const messages = [
    { at: 8, hex: '616263' },
    { at: 12, hex: '' },
    { at: 21, hex: '68656c6c6f' },
  ];
  const completeIn = (count: number) => messages.filter(({ at }) => at <= count).map(({ hex }) => hex);
  const isBoundary = (count: number) => count === 1 || messages.some(({ at }) => at === count);

  const speaks: Side = (peer, count) => peer.write(says.slice(0, 2 * count));
  const hears = ({ messages$ }: Connection) =>
    messages$.pipe(map((message) => Buffer.from(message).toString('hex')));

  const afterFin = ({ got, error }: Outcome, count: number) => {
    expect(got).toEqual(completeIn(count));
    if (isBoundary(count)) expect(error).toBeUndefined();
    else expect(error).toMatchObject({ kind: 'protocol', code: 'cut-short' });
  };
  const afterRst = ({ got, error }: Outcome, count: number) => {
    expect(got).toEqual(completeIn(count).slice(0, got.length));
    expect(error).toMatchObject({ code: expect.stringMatching(/^(reset|cut-short)$/) });
  };

  it('FIN leaves our server with whole messages', (test) =>
    eachByte(length, toServer(test, hears, speaks, 'fin'), afterFin));
  it('RST leaves our server with whole messages', (test) =>
    eachByte(length, toServer(test, hears, speaks, 'rst'), afterRst));
  it('FIN leaves our client with whole messages', (test) =>
    eachByte(length, toClient(test, hears, speaks, 'fin'), afterFin));
  it('RST leaves our client with whole messages', (test) =>
    eachByte(length, toClient(test, hears, speaks, 'rst'), afterRst));
});

describe('A peer that listens and then ends, by FIN or RST, at any byte', () => {
  const messages = ['616263', '', '68656c6c6f'];
  const length = 21;
  /** What it has heard when it answers: our opening byte, then each header. */
  const answersAt = [1, 5, 12, 16];
  const answeredIn = (count: number) => Math.max(0, answersAt.filter((at) => at <= count).length - 1);

  const listens: Side = async (peer, count) => {
    for (const at of answersAt.filter((each) => each <= count)) {
      await peer.hears(at);
      await peer.write('ff');
    }
    await peer.hears(count);
  };
  const says = (conn: Connection) =>
    from(messages).pipe(
      concatMap((hex) =>
        conn.send(Buffer.from(hex, 'hex')).pipe(
          map(() => 'taken'),
          catchError((error: unknown) => of(error)),
        ),
      ),
    );

  /** Each send settled, in order: those that were taken, then those that failed, and how. */
  const settled = (got: readonly unknown[]) => {
    expect(got).toHaveLength(messages.length);
    const taken = got.filter((each) => each === 'taken').length;
    for (const error of got.slice(taken)) {
      expect(error).toBeInstanceOf(SendError);
      expect(error).toMatchObject({
        code: 'connection-closed',
        fate: expect.stringMatching(/not-sent|unknown/),
      });
    }
    return taken;
  };

  const afterFin = ({ got, error }: Outcome, count: number) => {
    if (count === 0) return expect(error).toMatchObject({ code: 'cut-short' });
    expect(error).toBeUndefined();
    return expect(settled(got)).toBe(answeredIn(count));
  };
  const afterRst = ({ got }: Outcome, count: number) => {
    if (got.length > 0) expect(settled(got)).toBeLessThanOrEqual(answeredIn(count));
  };
  /** The client's stream errors, and so its sends are unsubscribed. Once it has said all and only waits for the end, RST is as good as FIN. */
  const afterRstHere = ({ got, error }: Outcome, count: number) => {
    const taken = got.filter((each) => each === 'taken').length;
    expect(taken).toBeLessThanOrEqual(answeredIn(count));
    if (taken < messages.length) expect(error).toMatchObject({ kind: 'wire', code: 'reset' });
    else expect(error).toBeUndefined();
  };

  it('FIN settles every send of our server', (test) =>
    eachByte(length, toServer(test, says, listens, 'fin'), afterFin));
  it('RST settles every send of our server', (test) =>
    eachByte(length, toServer(test, says, listens, 'rst'), afterRst));
  it('FIN settles every send of our client', (test) =>
    eachByte(length, toClient(test, says, listens, 'fin'), afterFin));
  it('RST errors our client', (test) => eachByte(length, toClient(test, says, listens, 'rst'), afterRstHere));
});

async function eachByte(
  length: number,
  outcomeOf: (count: number) => Promise<Outcome | undefined>,
  check: (outcome: Outcome, count: number) => void,
): Promise<void> {
  for (let count = 0; count <= length; count++) {
    const outcome = await outcomeOf(count);
    if (outcome) check(outcome, count);
  }
}

/** Our server, which handles each peer so. Undefined if no connection came of it. A fresh peer is let in every time. */
function toServer(test: Cleanup, handler: Handler, side: Side, deed: Deed) {
  const got = new Map<Connection, unknown[]>();
  const server = serving(test, (conn) => {
    const each: unknown[] = [];
    got.set(conn, each);
    return handler(conn).pipe(tap((value) => each.push(value)));
  });
  return async (count: number): Promise<Outcome | undefined> => {
    const ours = await server;
    const peer = await rawClient(test, ours.port);
    await side(peer, count);
    peer[deed]();
    await peer.end;

    const fresh = await rawClient(test, ours.port);
    await fresh.write('ff');
    await ours.from(fresh.port);
    fresh.rst();

    for (const conn of ours.connections) {
      if (!('port' in conn.remote) || conn.remote.port !== peer.port) continue;
      const { error } = await firstValueFrom(conn.closed$);
      return { got: got.get(conn) ?? [], error };
    }
    return undefined;
  };
}

/** Our client, which handles the one connection so. */
function toClient(test: Cleanup, handler: Handler, side: Side, deed: Deed) {
  return async (count: number): Promise<Outcome> => {
    const port = await rawServer(test, (peer) => void side(peer, count).then(() => peer[deed]()));
    const got: unknown[] = [];
    const conversation = connect(port).pipe(
      converse(handler),
      tap((value) => got.push(value)),
      ignoreElements(),
    );
    const error = await lastValueFrom(conversation, { defaultValue: undefined }).catch((failed) => failed);
    return { got, error };
  };
}
