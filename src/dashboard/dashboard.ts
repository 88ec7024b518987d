import {
  ignoreElements,
  type MonoTypeOperatorFunction,
  map,
  merge,
  mergeMap,
  type NextObserver,
  type Observable,
} from 'rxjs';
import type { Connection } from '../connection/connection.js';
import { positive } from '../connection/options.js';
import { broadcast } from '../relay/broadcast.js';
import type { ServerEvent } from '../server/events.js';
import { parseAddress } from '../transport/address.js';
import type { Batch } from './batch.js';
import { feed } from './feed.js';
import { servePages } from './serve-pages.js';

/** How a server is shown. */
export interface DashboardOptions {
  /** The port of the page, on 127.0.0.1. @default 0: the system chooses */
  readonly port?: number;
  /** So many things are told to pages in a second, messages above all; more are counted, and left out. @default 4,000 */
  readonly marksPerSecond?: number;
}

/** A server, live, on a page: three places at which it looks. */
export interface Dashboard {
  /** For `listen`: who comes, goes, and fails. */
  readonly eventObserver: NextObserver<ServerEvent>;
  /** Stands between `listen` and `serve`: messages, and how long they are held. */
  watch<In, Out>(): MonoTypeOperatorFunction<Connection<In, Out>>;
  /** Serves the page as long as it is subscribed; emits its address, with the token that opens it. */
  readonly page$: Observable<string>;
}

/** So many batches are kept for who opens the page later: half a minute. It is this, too, that a page may lag behind. */
const replay = 300;
const maxPendingBytes = 8 * 1_024 * 1_024;

/**
 * Shows a running server on a page, as marbles: a row for each connection, what comes and goes, what is held, paused, closed and has failed.
 *
 * The page is on loopback only, and opens with a token. What is told to it is a sample where more than `marksPerSecond` happens, and the page says so.
 *
 * @example
 * ```ts
 * import { consume, listen, serve } from 'rx-tinyproto';
 * import { dashboard } from 'rx-tinyproto/dashboard';
 * import { merge } from 'rxjs';
 *
 * const shown = dashboard();
 * const echo$ = listen(9123, { eventObserver: shown.eventObserver }).pipe(
 *   shown.watch(),
 *   serve((conn) => conn.messages$.pipe(consume((message) => conn.send(message)))),
 * );
 * merge(shown.page$, echo$).subscribe(console.log).unsubscribe();
 * ```
 */
export function dashboard({ port = 0, marksPerSecond = 4_000 }: DashboardOptions = {}): Dashboard {
  positive('marksPerSecond', marksPerSecond);
  parseAddress({ port }, 'listen');
  const { watched, happened, batches$ } = feed(marksPerSecond);
  const room = broadcast<Batch>({ onSlow: 'drop-oldest', replay, maxPendingBytes });
  const telling$ = batches$.pipe(
    mergeMap((batch) => room.send(batch)),
    ignoreElements(),
  );
  return {
    eventObserver: { next: happened },
    watch: () => map((connection) => watched(connection)),
    page$: merge(servePages(room, port), telling$),
  };
}
