import { type Hold, hold, lengthPrefixed, serve, text } from 'rx-tinyproto';
import { marbles } from 'rx-tinyproto/testing';
import { take, tap, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';

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
