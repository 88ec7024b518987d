import { type NextObserver, of } from 'rxjs';
import type { Closed, Connection } from '../connection/connection.js';
import type { WireError } from '../errors.js';
import type { BoundAddress } from '../transport/transport.js';
import type { Refusal } from './doorman.js';

/** Something that happened to a server, as it happened. Of a connection it has the types that everybody's have: nothing is known of its messages. */
export type ServerEvent =
  /** Every address is bound. */
  | { readonly type: 'bound'; readonly addresses: readonly BoundAddress[] }
  /** A wire came up; its TLS handshake begins, if it has one, and its opening exchange. */
  | { readonly type: 'accepted'; readonly remote: BoundAddress }
  /** A wire came up that may not come in, and is hung up on; one that is one too many is told so. */
  | { readonly type: 'refused'; readonly remote: BoundAddress; readonly why: Refusal }
  /** The TLS handshake or the opening exchange was not done. */
  | { readonly type: 'failed'; readonly remote: BoundAddress; readonly error: unknown }
  /** The opening exchange is done: the connection is emitted. */
  | { readonly type: 'opened'; readonly connection: Connection<unknown, never> }
  /** Something went wrong that ends nothing: one caller who could not be accepted, a proxy without its header, new certificates that are no good. */
  | { readonly type: 'trouble'; readonly error: WireError }
  /** The peer takes less than is sent to it: the connection's `flow$` is `paused`. */
  | { readonly type: 'slow'; readonly connection: Connection<unknown, never> }
  /** The connection has ended, and how. */
  | { readonly type: 'closed'; readonly connection: Connection<unknown, never>; readonly closed: Closed };

export type Tell = (event: ServerEvent) => void;

/** Tells an observer, whose mistakes harm nobody: RxJS reports what it throws. */
export function telling(observer: NextObserver<ServerEvent> | undefined): Tell | undefined {
  return observer && ((event) => of(event).subscribe((each) => observer.next(each)));
}

/** Tells of a connection from its opening to its end. */
export function tellOf(connection: Connection<unknown, never>, tell: Tell): void {
  tell({ type: 'opened', connection });
  connection.flow$.subscribe((flow) => {
    if (flow === 'paused') tell({ type: 'slow', connection });
  });
  connection.closed$.subscribe((closed) => tell({ type: 'closed', connection, closed }));
}
