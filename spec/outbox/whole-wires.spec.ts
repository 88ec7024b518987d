import { converse, lines, serve, type Transport, type Wire, wholeChunks } from 'rx-tinyproto';
import { marbles } from 'rx-tinyproto/testing';
import { map, mergeMap } from 'rxjs';
import { describe, expect, it } from 'vitest';

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
