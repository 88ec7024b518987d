import { filter, ignoreElements, type Observable, switchMap, take } from 'rxjs';
import { converse } from '../client/converse.js';
import type { Connection } from '../connection/connection.js';
import { consume } from '../flow/consume.js';
import { connect } from '../index.js';
import { broadcast } from '../relay/broadcast.js';
import { relay } from '../relay/relay.js';
import type { Address } from '../transport/transport.js';
import { beside } from './endings.js';
import { executed } from './exec-handler.js';
import type { Talk } from './talk.js';

/** What a server does with its connections. */
export interface Mode {
  handle(connection: Connection, name: string): Observable<never>;
  /** What goes on besides, as long as the server does. */
  readonly beside$?: Observable<never>;
}

/** What comes is shown; what is typed goes to everybody who is here, or waits until somebody is. */
export function talking(talk: Talk): Mode {
  const room = broadcast<Uint8Array>({ onSlow: 'wait' });
  const somebody$ = room.size$.pipe(
    filter((size) => size > 0),
    take(1),
  );
  return {
    handle: (conn, name) =>
      conn.messages$.pipe(
        consume((message) => talk.show(message, name)),
        beside(room.join(conn)),
      ),
    beside$: talk.said$.pipe(
      consume((message) => somebody$.pipe(switchMap(() => room.send(message)))),
      ignoreElements(),
    ),
  };
}

/** What comes goes back. */
export const echoing: Mode = {
  handle: (conn) =>
    conn.messages$.pipe(
      consume((message) => conn.send(message)),
      ignoreElements(),
    ),
};

/** What one says goes to all the others. */
export function broadcasting(): Mode {
  const room = broadcast<Uint8Array>();
  return {
    handle: (conn) =>
      conn.messages$.pipe(
        consume((message) => room.send(message, { except: conn })),
        ignoreElements(),
        beside(room.join(conn)),
      ),
  };
}

/** Everybody is put through to another server, by a connection of their own. */
export const relaying = (address: Address, { transport, framing }: Talk): Mode => ({
  handle: (inside) =>
    connect(address, { transport, framing, allowHalfOpen: true }).pipe(
      converse((outside) => relay(inside, outside)),
    ),
});

/** Everybody talks with a command of their own. */
export const executing = (line: string, { format }: Talk): Mode => ({
  handle: (conn) => executed(conn, line, format),
});
