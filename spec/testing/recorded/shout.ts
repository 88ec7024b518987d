import { type Connection, consume, converse, lines, serve, text } from 'rx-tinyproto';
import { concatMap, ignoreElements, merge, type Observable, take } from 'rxjs';

/** A line each, and in strings. */
export const options = { framing: lines(), codec: text() };

/** A server that shouts back. */
export const shout = (connections$: Observable<Connection<string>>): Observable<unknown> =>
  connections$.pipe(serve((conn) => conn.messages$.pipe(consume((line) => conn.send(line.toUpperCase())))));

/** A client that says a word, and what it hears once more, in a whisper. */
export const whispers = (connection$: Observable<Connection<string>>): Observable<unknown> =>
  connection$.pipe(
    converse((conn) =>
      merge(
        conn.send('hush').pipe(ignoreElements()),
        conn.messages$.pipe(
          take(2),
          concatMap((line) => conn.send(line.toLowerCase())),
        ),
      ),
    ),
  );
