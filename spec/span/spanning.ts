import { type Connection, serve, text } from 'rx-tinyproto';
import type { MarbleHelpers } from 'rx-tinyproto/testing';
import { catchError, EMPTY, mergeMap, type Observable, takeUntil, tap, timer } from 'rxjs';
import type { SpanningRoom } from '../../src/span/room.js';

export type Text = Connection<string>;
export type Client = (conn: Text) => Observable<unknown>;

export const codec = text();

/** A server in a process of its own, whose connections join the room under the names of their clients. Gives the connections, in that order. */
export function served(
  { listen, connect }: MarbleHelpers,
  room: SpanningRoom<string>,
  address: string,
  clients: Readonly<Record<string, Client>>,
  untilMs: number,
): Text[] {
  const members: Text[] = [];
  const names = Object.keys(clients);
  listen(address, { codec })
    .pipe(
      takeUntil(timer(untilMs)),
      tap((conn) => members.push(conn)),
      serve((conn, { stopping$ }) =>
        room.join(conn, names[members.indexOf(conn)]).pipe(takeUntil(stopping$)),
      ),
    )
    .subscribe();
  for (const client of Object.values(clients)) {
    connect(address, { codec })
      .pipe(
        mergeMap(client),
        takeUntil(timer(untilMs)),
        catchError(() => EMPTY),
      )
      .subscribe();
  }
  return members;
}
