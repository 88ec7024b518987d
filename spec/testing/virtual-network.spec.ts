import { marbles } from 'rx-tinyproto/testing';
import { asapScheduler, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { type VirtualNetworkOptions, virtualNetwork } from '../../src/testing/virtual-network.js';
import type { Transport, Wire } from '../../src/transport/transport.js';

type Log = [ms: number, what: string][];
interface Stage {
  readonly net: Transport;
  readonly say: (what: string) => void;
  /** Writes down everything that a wire says. */
  readonly tell: (name: string, wire: Wire) => void;
  readonly at: (ms: number, act: () => void) => void;
}

/** Runs a play in virtual time, and gives back what was said when. */
function play(act: (stage: Stage) => void, options: VirtualNetworkOptions = {}): Log {
  const log: Log = [];
  marbles(({ flush }) => {
    const start = asapScheduler.now();
    const say = (what: string) => log.push([asapScheduler.now() - start, what]);
    const tell = (name: string, wire: Wire) => {
      wire.bytes$.subscribe({
        next: (chunk) => say(`${name} gets ${new TextDecoder().decode(chunk)}`),
        error: ({ code }) => say(`${name}: ${code}`),
        complete: () => say(`${name}: FIN`),
      });
      wire.closed$.subscribe(({ error }) => say(`${name} closed${error ? `: ${error.code}` : ''}`));
    };
    act({ net: virtualNetwork(options), say, tell, at: (ms, run) => timer(ms).subscribe(run) });
    flush();
  })();
  return log;
}

const utf8 = (text: string) => new TextEncoder().encode(text);
const ignore = () => {};

describe('virtualNetwork', () => {
  it('does everything in the same millisecond, one thing after the other', () => {
    const log = play(({ net, say, tell, at }) => {
      net
        .listen('server:1', {
          openObserver: { next: (bound) => say(`bound ${'port' in bound && bound.port}`) },
        })
        .subscribe((wire) => {
          say('accepted');
          tell('server', wire);
          wire.write(utf8('welcome'), () => say('server has written'));
          wire.end(ignore);
        });
      at(5, () => {
        net.dial('server:1').subscribe((wire) => {
          say('dialled');
          tell('client', wire);
          wire.write(utf8('hello'), () => say('client has written'));
          wire.end(ignore);
          say('on it goes');
        });
        say('dialling');
      });
    });
    expect(log.filter(([ms]) => ms !== 5)).toEqual([[0, 'bound 1']]);
    expect(log.slice(1, 4).map(([, what]) => what)).toEqual(['dialling', 'dialled', 'on it goes']);
    expect(
      log
        .map(([, what]) => what)
        .slice(4)
        .sort(),
    ).toEqual(
      [
        'accepted',
        'client has written',
        'server has written',
        'server gets hello',
        'client gets welcome',
        'server: FIN',
        'client: FIN',
        'server closed',
        'client closed',
      ].sort(),
    );
  });

  it('takes the latency for everything: two legs to be connected, three to be accepted, one for bytes, FIN and RST', () => {
    const log = play(
      ({ net, say, tell, at }) => {
        net.listen('server:1').subscribe((wire) => {
          say('accepted');
          tell('server', wire);
          at(20, () => wire.destroy({ reset: true }));
        });
        net.dial('server:1').subscribe((wire) => {
          say('dialled');
          tell('client', wire);
          wire.write(utf8('hello'), () => say('written'));
          at(5, () => wire.end(ignore));
        });
        net.dial('server:2').subscribe({ error: ({ code }) => say(code) });
      },
      { latencyMs: 10 },
    );
    expect(log).toEqual([
      [20, 'dialled'],
      [20, 'written'],
      [20, 'connection-refused'],
      [30, 'accepted'],
      [30, 'server gets hello'],
      [35, 'server: FIN'],
      [50, 'server closed'],
      [60, 'client: reset'],
      [60, 'client closed: reset'],
    ]);
  });

  it('lets through what the window holds, and the rest as it is read', () => {
    const log = play(
      ({ net, say, tell, at }) => {
        net.listen('server:1').subscribe((wire) => {
          tell('server', wire);
          wire.pause();
          at(100, () => wire.resume());
        });
        net.dial('server:1').subscribe((wire) => {
          for (const text of ['aaa', 'bbb', 'ccc']) wire.write(utf8(text), () => say(`${text} written`));
        });
      },
      { latencyMs: 1, windowBytes: 5 },
    );
    expect(log).toEqual([
      [2, 'aaa written'],
      [103, 'server gets aaabb'],
      [104, 'bbb written'],
      [104, 'ccc written'],
      [105, 'server gets bccc'],
    ]);
  });

  it('cuts chunks as it is told', () => {
    const cut = (chunk: Uint8Array) => Array.from(chunk, (_, at) => chunk.subarray(at, at + 1));
    const log = play(
      ({ net, tell }) => {
        net.listen('server:1').subscribe((wire) => tell('server', wire));
        net.dial('server:1').subscribe((wire) => wire.write(utf8('abc'), ignore));
      },
      { cut },
    );
    expect(log.map(([, what]) => what)).toEqual(['server gets a', 'server gets b', 'server gets c']);
  });

  it('keeps the order when a chunk is read and written from inside the delivery of another', () => {
    const log = play(({ net, tell }) => {
      net.listen('server:1').subscribe((wire) => {
        wire.bytes$.subscribe((chunk) => {
          wire.write(chunk, ignore);
          wire.write(utf8('!'), ignore);
        });
      });
      net.dial('server:1').subscribe((wire) => {
        tell('client', wire);
        wire.write(utf8('a'), () => wire.write(utf8('b'), () => wire.write(utf8('c'), ignore)));
      });
    });
    expect(log.map(([, what]) => what.slice('client gets '.length)).join('')).toBe('a!b!c!');
  });

  it('plays the same play the same way', () => {
    const once = () =>
      play(
        ({ net, tell, at }) => {
          net.listen('server:1').subscribe((wire) => {
            tell('server', wire);
            at(7, () => wire.write(utf8('x'.repeat(50)), ignore));
            at(9, () => wire.end(ignore));
          });
          for (let ms = 0; ms < 20; ms += 3) {
            at(ms, () =>
              net.dial('server:1').subscribe((wire) => {
                tell(`client ${ms}`, wire);
                wire.write(utf8('y'.repeat(ms)), ignore);
                at(ms, () => wire.destroy({ reset: ms % 2 === 0 }));
              }),
            );
          }
        },
        { latencyMs: 2, windowBytes: 16 },
      );
    expect(once()).toEqual(once());
    expect(once().length).toBeGreaterThan(30);
  });

  it('gives up on a peer that never ends, after a second of virtual time', () => {
    const log = play(({ net, tell }) => {
      net.listen('server:1').subscribe((wire) => tell('server', wire));
      net.dial('server:1').subscribe((wire) => {
        tell('client', wire);
        wire.destroy();
      });
    });
    expect(log).toEqual([
      [0, 'server: FIN'],
      [1_000, 'client closed'],
    ]);
  });

  it('resets whoever writes to a wire that is gone', () => {
    const log = play(({ net, tell, say, at }) => {
      net.listen('server:1').subscribe((wire) => {
        tell('server', wire);
        at(2_000, () => wire.write(utf8('anybody?'), () => say('written')));
        at(2_001, () => wire.write(utf8('hm'), (error) => say(`not written: ${error?.code}`)));
      });
      net.dial('server:1').subscribe((wire) => wire.destroy());
    });
    expect(log).toEqual([
      [0, 'server: FIN'],
      [2_000, 'written'],
      [2_000, 'server closed: reset'],
      [2_001, 'not written: reset'],
    ]);
  });

  it('knows hosts by name, names of the same, and every interface', () => {
    const log = play(({ net, say, at }) => {
      net.listen('a:1').subscribe(() => say('a'));
      net.listen('b:1').subscribe(() => say('b'));
      net.listen('*:2').subscribe((wire) => say(`any, as ${JSON.stringify(wire.local)}`));
      net.listen(3).subscribe(() => say('here'));
      net.listen({ path: '/run/x' }).subscribe(() => say('path'));
      at(1, () => {
        net.listen('c:2').subscribe({ error: ({ code }) => say(`c:2 ${code}`) });
        net.listen('*:1').subscribe({ error: ({ code }) => say(`*:1 ${code}`) });
        net.listen({ path: '/run/x' }).subscribe({ error: ({ code }) => say(`path ${code}`) });
      });
      for (const [at_, to] of ['a:1', 'b:1', 'c:2', 'localhost:3', '127.0.0.1:3'].entries())
        at(2 + at_, () => net.dial(to).subscribe());
      at(10, () => net.dial({ path: '/run/x' }).subscribe());
      at(11, () => net.dial('c:1').subscribe({ error: ({ code }) => say(code) }));
    });
    expect(log.map(([, what]) => what)).toEqual([
      'c:2 address-in-use',
      '*:1 address-in-use',
      'path address-in-use',
      'a',
      'b',
      'any, as {"host":"c","port":2}',
      'here',
      'here',
      'path',
      'connection-refused',
    ]);
  });

  it('carries a copy, of a Buffer too', () => {
    const log = play(
      ({ net, tell, at }) => {
        net.listen('server:1').subscribe((wire) => at(30, () => tell('server', wire)));
        net.dial('server:1').subscribe((wire) => {
          const buffer = Buffer.from('mine');
          wire.write(buffer, () => buffer.fill('?'));
          at(100, () => wire.destroy());
        });
      },
      { latencyMs: 10 },
    );
    expect(log.map(([, what]) => what)).toContain('server gets mine');
  });

  it('resets a wire whose listener leaves before it accepts', () => {
    const log = play(
      ({ net, tell, at, say }) => {
        const listening = net.listen('server:1').subscribe(() => say('accepted'));
        at(25, () => listening.unsubscribe());
        net.dial('server:1').subscribe((wire) => tell('client', wire));
      },
      { latencyMs: 10 },
    );
    expect(log).toEqual([
      [40, 'client: reset'],
      [40, 'client closed: reset'],
    ]);
  });

  it(
    'forgets a wire that is closed at both ends',
    marbles(({ flush }) => {
      const net = virtualNetwork();
      net.listen('server:1').subscribe((wire) => wire.destroy());
      for (let round = 0; round < 3; round++) net.dial('server:1').subscribe((wire) => wire.destroy());
      net.dial('server:1').subscribe((wire) => timer(10).subscribe(() => wire.destroy()));
      const open: number[] = [];
      for (const ms of [5, 15]) timer(ms).subscribe(() => open.push(net.inside.all.length));
      flush();
      expect(open).toEqual([1, 0]);
    }),
  );
});
