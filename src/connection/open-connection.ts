import { Observable } from 'rxjs';
import type { Wire } from '../transport/transport.js';
import type { Connection } from './connection.js';
import { Core } from './core.js';
import type { ConnectionSettings } from './options.js';

/** Begins the conversation on a wire when subscribed; emits the connection when its opening exchange is done. Unsubscribing before that destroys it. */
export function openConnection<In, Out>(
  wire: Wire,
  settings: ConnectionSettings<In, Out>,
): Observable<Connection<In, Out>> {
  const Kind = settings.Core ?? Core;
  return new Observable((subscriber) => new Kind(wire, settings, subscriber).start());
}
