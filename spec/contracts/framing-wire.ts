import { type Connection, consume, converse, serve } from 'rx-tinyproto';
import { marbles } from 'rx-tinyproto/testing';
import {
  catchError,
  concat,
  EMPTY,
  ignoreElements,
  map,
  merge,
  NEVER,
  type Observable,
  switchMap,
  take,
  takeUntil,
  tap,
  timer,
} from 'rxjs';
import { expect, it } from 'vitest';
import type { Framing } from '../../src/framing/framing.js';
import { byteByByte, whole } from '../helpers/cuts.js';
import { frameOf, hexOf, streamOf } from '../helpers/decoded.js';
import type { FramingSamples } from './framing.js';

const server = 'server:1';

/** The messages of the first connection that comes. */
const heard = (connections: Observable<Connection>) =>
  connections.pipe(
    take(1),
    switchMap((conn) => conn.messages$),
  );

/** Under a connection, on a virtual network. */
export function wireContract(make: () => Framing, samples: FramingSamples): void {
  const [a, b, c] = samples.messages as [Uint8Array, Uint8Array, Uint8Array];
  const A = frameOf(make(), a);
  /** A letter is a message, `M` all three in one chunk, `1` a piece of the first frame. */
  const values = { a, b, c, A, M: streamOf(make(), [a, b, c]), 1: A.slice(0, -1) };

  for (const [how, cut] of [
    ['whole', whole],
    ['byte by byte', byteByByte],
  ] as const) {
    if (samples.halfIsWhole) break;
    it(
      `carries messages both ways over a wire that gives them ${how}`,
      marbles(
        ({ listen, connect, run, flush }) => {
          const framing = make();
          const came: string[] = [];
          run(
            listen(server, { framing }).pipe(
              serve((conn) => conn.messages$.pipe(consume((one) => conn.send(one)))),
            ),
          );
          const conversation = (conn: Connection) =>
            merge(
              conn.messages$.pipe(
                take(samples.messages.length),
                tap((message) => came.push(hexOf(message))),
              ),
              conn.sendAll(samples.messages).pipe(ignoreElements()),
            );
          run(connect(server, { framing }).pipe(converse(conversation)));
          flush();
          expect(came).toEqual(samples.messages.map(hexOf));
        },
        { cut },
      ),
    );
  }

  if (!samples.halfIsWhole) {
    it(
      'delivers what its FIN follows at once, and completes',
      marbles(({ listen, peer, expectObservable }) => {
        expectObservable(heard(listen(server, { framing: make() }))).toBe('--[abc]|', values);
        peer(server).sends('--M|', values);
      }),
    );

    it(
      'fails with cut-short behind what was whole, where FIN cuts a message',
      marbles(({ listen, peer, expectObservable }) => {
        expectObservable(heard(listen(server, { framing: make() }))).toBe('--[abc]-#', values, {
          code: 'cut-short',
        });
        peer(server).sends('--M1|', values);
      }),
    );

    it(
      'fails so for a late reader, too',
      marbles(({ listen, peer, expectObservable }) => {
        const late = heard(listen(server, { framing: make() })).pipe(
          consume((message) => timer(10).pipe(map(() => message))),
        );
        expectObservable(late).toBe('12ms a 9ms b 9ms [c#]', values, { code: 'cut-short' });
        peer(server).sends('--M1|', values);
      }),
    );
  }

  for (const [name, [bytes, code]] of Object.entries(samples.lies ?? {})) {
    if (code === 'cut-short') continue;
    it(
      `fails with ${code}, and hangs up, on a peer that sends ${name}`,
      marbles(({ listen, peer, expectObservable, expectBytes }) => {
        const liar = peer(server).sends('--AL', { A, L: bytes });
        expectObservable(heard(listen(server, { framing: make() }))).toBe('--a#', values, { code });
        expectBytes(liar).toBe('---|');
      }),
    );
  }

  it(
    'holds a peer whose messages nobody consumes',
    marbles(
      ({ listen, connect, run, flush }) => {
        const framing = make();
        const messages = 800;
        let taken = 0;
        let takenThen = 0;
        const send = (conn: Connection) => conn.send(a).pipe(tap(() => taken++));
        // The first by itself: those of one turn go to the road together, and the kernel has all of them or none.
        const sendMany = (conn: Connection) =>
          concat(send(conn), merge(...Array.from({ length: messages }, () => send(conn))));
        run(
          listen(server, { framing }).pipe(
            serve((conn) =>
              conn.messages$.pipe(
                consume(() => NEVER),
                takeUntil(timer(20_000)),
              ),
            ),
          ),
        );
        run(
          connect(server, { framing, maxQueuedMessages: messages }).pipe(
            converse(sendMany),
            catchError((error) => {
              expect(error).toMatchObject({ code: 'write-timeout' });
              return EMPTY;
            }),
          ),
        );
        run(timer(5_000).pipe(tap(() => (takenThen = taken))));
        flush();
        // What the road takes, and two chunks of that size that are here unread.
        expect(takenThen * A.length).toBeLessThanOrEqual(3 * 100);
        expect([taken, takenThen > 0]).toEqual([takenThen, true]);
      },
      { windowBytes: 100, allow: ['undelivered'] },
    ),
  );
}
