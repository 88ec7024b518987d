import { consume, lines, serve, tinyproto } from 'rx-tinyproto';
import { hex, marbles } from 'rx-tinyproto/testing';
import { ignoreElements, mergeMap } from 'rxjs';
import { describe, expect, it } from 'vitest';

describe('a raw peer', () => {
  it(
    'talks to a listener',
    marbles(({ listen, run, peer, expectBytes }) => {
      run(
        listen('server:1', { framing: lines() }).pipe(
          serve((conn) => conn.messages$.pipe(consume((line) => conn.send(line)))),
        ),
      );
      const client = peer('server:1').sends("-'a\n'--'b\nc\n'--|");
      expectBytes(client).toBe("             -'a\n'--'b\nc\n'--|");
    }),
  );

  it(
    'is dialled, each time another',
    marbles(({ connect, accepts, expectBytes, expectObservable }) => {
      const one = accepts('server:1').sends('a-|');
      const two = accepts('server:1').sends('--#');
      const dial = () =>
        connect('server:1', { framing: lines() }).pipe(
          mergeMap((conn) => conn.messages$),
          ignoreElements(),
        );
      expectObservable(dial()).toBe('--#', undefined, { code: 'cut-short' });
      expectObservable(dial()).toBe('--#', undefined, { code: 'reset' });
      expectBytes(one).toBe('--|');
      expectBytes(two).toBe('');
    }),
  );

  it(
    'speaks the opening of tinyproto by hand',
    marbles(({ listen, peer, expectBytes, expectMessages }) => {
      expectMessages(listen('server:1', { framing: tinyproto() })).toBe('---a', { a: hex`68 69` });
      expectBytes(peer('server:1').sends('<ff><00 00 00 02>-<68 69>|')).toBe('<ff><ff>--|');
    }),
  );

  it(
    'shows where chunks were cut when it is asked to',
    marbles(
      ({ listen, run, peer, expectBytes }) => {
        run(
          listen('server:1', { framing: lines() }).pipe(
            serve((conn) => conn.messages$.pipe(consume((line) => conn.send(line)))),
          ),
        );
        const client = peer('server:1').sends("'abc\n'-|");
        expectBytes(client).toBe("'abc\n'-|");
        expectBytes(client, { chunks: true }).toBe("['ab''c\n']-|");
      },
      { cut: (chunk) => [chunk.subarray(0, 2), chunk.subarray(2)] },
    ),
  );

  it(
    'does not read while it pauses, so that windows fill',
    marbles(
      ({ listen, run, peer, expectBytes, expectFlow }) => {
        const server$ = listen('server:1', { framing: lines(), maxQueuedBytes: 4 });
        run(
          server$.pipe(
            serve((conn) => {
              expectFlow(conn).toBe('[op]--o-|');
              return conn.send(new Uint8Array([1, 2, 3])).pipe(mergeMap(() => []));
            }),
          ),
        );
        expectBytes(peer('server:1').pauses('^--!').sends('-----|')).toBe('---[<01 02 03 0a>|]');
      },
      { windowBytes: 2 },
    ),
  );

  it('refuses to be asked for in another test', () => {
    let later: (() => void) | undefined;
    marbles(({ peer }) => {
      later = () => peer('server:1');
    })();
    expect(later).toThrow('belongs to a marble test that is over');
  });
});
