import { type Connection, lines, type Wire } from 'rx-tinyproto';
import { marbles } from 'rx-tinyproto/testing';
import { mergeMap } from 'rxjs';
import { describe, expect, it } from 'vitest';

describe('a framing of somebody’s own that fails when it is opened', () => {
  it('leaves no wire behind, and the server goes on', () => {
    const ends: unknown[] = [];
    const met: Connection[] = [];
    marbles(
      ({ listen, net, flush }) => {
        let isBroken = true;
        const open: ReturnType<typeof lines>['open'] = (port) => {
          if (isBroken) throw new Error('oops');
          return lines().open(port);
        };
        listen('server:1', { framing: { ...lines(), open } }).subscribe((conn) => met.push(conn));
        const call = () =>
          net.dial('server:1').pipe(
            mergeMap((wire: Wire) => {
              wire.bytes$.subscribe({ error: ({ code }) => ends.push(code) });
              return wire.closed$;
            }),
          );
        call().subscribe(() => {
          isBroken = false;
          call().subscribe();
        });
        flush();
      },
      { allow: ['open-connections'] },
    )();
    expect([ends, met.length]).toEqual([['reset'], 1]);
  });
});
