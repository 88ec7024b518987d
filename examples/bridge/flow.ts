import { type Connection, converse, relay, serve, tinyproto } from 'rx-tinyproto';
import type { Observable, OperatorFunction } from 'rxjs';

/*
 * A web page speaks WebSocket, where each frame is a message already; the server behind speaks tinyproto over TCP, and is perhaps a Python program. Neither
 * knows of the other's wire:
 *
 *     page ◀─ frames ─▶ WebSocket ◀─ relay ─▶ TCP ◀─ sizes and OKs ─▶ server
 *
 * What one side is too slow for, the other is held by: the bridge keeps one message each way.
 */

/** To `connect` with where the server is a Python program: who types on does not wait for its answers, and it is lost if a line meets one. */
export const pythonOptions = { framing: tinyproto({ duplex: 'half' }) };

/** For the connections of pages: each has one of its own to the server, as long as it stays. `server$` is what `connect` gives. */
export function bridge(server$: Observable<Connection>): OperatorFunction<Connection, never> {
  return serve((page) => server$.pipe(converse((server) => relay(page, server))));
}
