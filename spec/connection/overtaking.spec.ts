import { type Connection, consume, converse, serve, text, tinyproto } from 'rx-tinyproto';
import { marbles } from 'rx-tinyproto/testing';
import { map, merge, type Observable, switchMap, timer } from 'rxjs';
import { describe, it } from 'vitest';

const server = 'server:1';
const codec = text();

/** Asks, and hears what comes. */
const ask = (conn: Connection<string>): Observable<string> =>
  merge(conn.messages$, conn.send('question').pipe(map(() => 'asked')));

describe('a single message of tinyproto', () => {
  const options = { codec, framing: tinyproto({ inboxSlots: 1 }) };

  /** Answers a question after 5 ms, while the news of the second come, which a stream may not begin to tell as long as a question is held. */
  const answerAndTell = (conn: Connection<string>) =>
    merge(
      conn.sendAll(timer(2).pipe(map(() => 'news'))),
      conn.messages$.pipe(consume(() => timer(5).pipe(switchMap(() => conn.send('answer'))))),
    );

  it(
    'overtakes at once the stream that waits until it is answered',
    marbles(({ listen, connect, run, expectObservable }) => {
      run(listen(server, options).pipe(serve(answerAndTell)));
      const heard$ = connect(server, options).pipe(converse(ask));
      expectObservable(heard$).toBe('q----(an)', { q: 'asked', a: 'answer', n: 'news' });
    }),
  );
});
