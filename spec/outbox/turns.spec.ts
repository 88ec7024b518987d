import { type Hold, hold, lengthPrefixed, serve, text } from 'rx-tinyproto';
import { marbles } from 'rx-tinyproto/testing';
import { asapScheduler, take, tap, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { beginTurn, endTurn, flushAfterTurn, shareable, together } from '../../src/outbox/turns.js';

const options = { framing: lengthPrefixed(), codec: text() };

describe('A message that is let go', () => {
  /** What a reader of two connections sees, who lets go of a message of the first when the second, or a timer, says so. */
  const seen = (by: 'connection' | 'timer'): string => {
    const log: string[] = [];
    marbles(({ listen, connect, run, flush }) => {
      run(
        listen('first:1', options).pipe(
          take(1),
          serve((conn) => conn.sendAll(['a', 'b'])),
        ),
      );
      run(
        listen('second:1', options).pipe(
          take(1),
          serve((conn) =>
            timer(5).pipe(
              tap(() => conn.send('x').subscribe()),
              take(1),
            ),
          ),
        ),
      );
      let held: Hold | undefined;
      const letGo = () => {
        log.push('(');
        held?.release();
        log.push(')');
      };
      run(
        connect('first:1', options).pipe(
          tap(({ messages$ }) =>
            messages$.subscribe((message) => {
              log.push(message);
              held ??= hold();
            }),
          ),
        ),
      );
      if (by === 'timer') timer(5).subscribe(letGo);
      else run(connect('second:1', options).pipe(tap(({ messages$ }) => messages$.subscribe(letGo))));
      flush();
    })();
    return log.join(' ');
  };

  it('makes room for the next behind the turn of the connection in which that happens', () => {
    expect(seen('connection')).toBe('a ( ) b');
  });

  it('makes room for the next at once, where no connection has its turn', () => {
    expect(seen('timer')).toBe('a ( b )');
  });
});

/** A turn in which so many others come to have one of their own behind it, each of which does `then`. */
const turnOf = (many: number, then: (at: number) => void): void => {
  beginTurn();
  for (let at = 0; at < many; at++)
    flushAfterTurn({
      flush() {
        beginTurn();
        try {
          then(at);
        } finally {
          endTurn();
        }
      },
    });
  endTurn();
};

describe('a turn', () => {
  it('is followed by those of any number of connections, one behind the other', () => {
    let turns = 0;
    turnOf(30_000, () => turns++);
    expect(turns).toBe(30_000);
  });

  it('is followed by what those bring about in their turn, in the same task', () => {
    const log: string[] = [];
    turnOf(2, (at) => {
      flushAfterTurn({ flush: () => void log.push(`write ${at}`) });
      log.push(`turn ${at}`);
    });
    expect(log).toEqual(['turn 0', 'turn 1', 'write 0', 'write 1']);
  });

  it('is followed by that of the others, though one throws', async () => {
    const turns: number[] = [];
    const act = () =>
      turnOf(3, (at) => {
        turns.push(at);
        if (at === 0) throw new Error('oops');
      });
    expect(act).toThrow('oops');
    await new Promise<void>((resolve) => asapScheduler.schedule(() => resolve()));
    expect(turns).toEqual([0, 1, 2]);
  });

  const writtenTwice = (head: Uint8Array, body: Uint8Array, between: () => void): Uint8Array[] => {
    const written: Uint8Array[] = [];
    const write = { flush: () => void written.push(together([head, body])) };
    beginTurn();
    flushAfterTurn(write);
    flushAfterTurn({
      flush() {
        beginTurn();
        between();
        flushAfterTurn(write);
        endTurn();
      },
    });
    endTurn();
    return written;
  };

  it('shares nothing that somebody may change: a buffer may be filled anew behind another turn', () => {
    const body = Uint8Array.of(1);
    const written = writtenTwice(Uint8Array.of(0, 0, 0, 1), body, () => body.fill(2));
    expect(written.map((bytes) => bytes[4])).toEqual([1, 2]);
  });

  it('puts together once what is sent to many', () => {
    const body = Uint8Array.of(1);
    const [one, other] = writtenTwice(shareable(Uint8Array.of(0, 0, 0, 1)), shareable(body), () =>
      body.fill(2),
    );
    expect(other).toBe(one);
    expect(one).toEqual(Uint8Array.of(0, 0, 0, 1, 1));
  });

  it('sends many a copy, of a Buffer too', () => {
    const body = Buffer.of(1);
    const copy = shareable(body);
    body.fill(2);
    expect(copy).toEqual(Uint8Array.of(1));
  });
});
