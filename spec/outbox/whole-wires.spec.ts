import {
  type Connection,
  converse,
  lines,
  serve,
  type Transport,
  type Wire,
  WireError,
  wholeChunks,
} from 'rx-tinyproto';
import { marbles } from 'rx-tinyproto/testing';
import { map, mergeMap, NEVER, of, Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { connectOver } from '../../src/client/connect.js';

const server = 'server:1';

/** A transport whose wires say so, and note the sizes of what they are given to write. */
function saying(transport: Transport, says: Partial<Wire>, sizes: number[] = []): Transport {
  const said = (wire: Wire): Wire => ({
    ...wire,
    ...says,
    write(bytes, ...rest) {
      sizes.push(bytes.length);
      return wire.write(bytes, ...rest);
    },
  });
  return {
    ...transport,
    listen: (...asked) => transport.listen(...asked).pipe(map(said)),
    dial: (...asked) => transport.dial(...asked).pipe(map(said)),
  };
}

describe('a wire that keeps chunks as they are', () => {
  const written = (says: Partial<Wire>) => {
    const sizes: number[] = [];
    marbles(({ net, listen, connect, run, expectObservable }) => {
      const framing = wholeChunks();
      run(listen(server, { framing }).pipe(serve((conn) => conn.messages$)));
      const sent$ = connect(server, { framing, transport: saying(net, says, sizes) }).pipe(
        converse((conn) => conn.send(new Uint8Array(600_000)).pipe(map(() => 's'))),
      );
      expectObservable(sent$).toBe('(s|)');
    })();
    return sizes;
  };

  it('is given a message in one piece', () => {
    expect(written({ keepsChunks: true })).toEqual([600_000]);
  });

  it('is the exception: others are given slices, in which progress shows', () => {
    expect(written({})).toEqual([262_144, 262_144, 75_712]);
  });
});

describe('what a wire that keeps chunks has taken', () => {
  /** A message is sent, and the connection closed; the wire takes it, and is lost in the same moment. */
  const taken = (isLost: (bytes: Subject<Uint8Array>, conn: Connection) => void): string[] => {
    const told: string[] = [];
    const bytes = new Subject<Uint8Array>();
    const writes: (() => void)[] = [];
    const wire: Wire = {
      local: { host: 'here', port: 1 },
      remote: { host: 'there', port: 1 },
      bytes$: bytes,
      closed$: NEVER,
      keepsChunks: true,
      write: (_, done) => writes.push(done) === 0,
      pause() {},
      resume() {},
      end() {},
      destroy() {},
    };
    const transport: Transport = { dial: () => of(wire), listen: () => NEVER };
    const connected: Connection[] = [];
    connectOver({ transport, framing: wholeChunks() })('there:1').subscribe((conn) => connected.push(conn));
    for (const conn of connected) {
      conn.send(Uint8Array.of(1)).subscribe({
        complete: () => told.push('taken'),
        error: ({ fate }) => told.push(fate),
      });
      conn.closed$.subscribe(({ by, error }) =>
        told.push(`closed by ${by}${error ? ', with an error' : ''}`),
      );
      conn.close().subscribe();
      for (const done of writes) done();
      isLost(bytes, conn);
    }
    return told;
  };

  it('is taken, although the wire is lost in that moment: the end stays in order', () => {
    const told = taken((bytes) => bytes.error(new WireError('reset', 'Cut')));
    expect(told).toEqual(['taken', 'closed by us']);
  });

  it('is taken, although the connection is destroyed in that moment', () => {
    expect(taken((_, conn) => conn.destroy())).toEqual(['taken', 'closed by us']);
  });
});

describe('a wire whose directions end together', () => {
  it(
    'cannot be half-closed, whatever its framing can',
    marbles(({ net, listen, connect, run, expectObservable }) => {
      const transport = saying(net, { halfClose: false });
      run(listen(server, { framing: lines() }).pipe(serve((conn) => conn.messages$)));
      const ended$ = connect(server, { framing: lines(), transport }).pipe(mergeMap((conn) => conn.end()));
      expectObservable(ended$).toBe('#', undefined, expect.any(TypeError));
    }),
  );
});
