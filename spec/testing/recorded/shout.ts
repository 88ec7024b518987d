import { type Connection, consume, lines, serve, text } from 'rx-tinyproto';
import type { Observable } from 'rxjs';

/** A line each, and in strings. */
export const options = { framing: lines(), codec: text() };

/** A server that shouts back. */
export const shout = (connections$: Observable<Connection<string>>): Observable<unknown> =>
  connections$.pipe(serve((conn) => conn.messages$.pipe(consume((line) => conn.send(line.toUpperCase())))));
