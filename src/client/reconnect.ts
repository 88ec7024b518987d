import {
  asyncScheduler,
  concat,
  defer,
  EMPTY,
  type MonoTypeOperatorFunction,
  NEVER,
  type NextObserver,
  Observable,
  of,
  retry,
  takeUntil,
  tap,
  throwError,
  timer,
} from 'rxjs';
import type { Connection } from '../connection/connection.js';
import { positiveOption } from '../connection/options.js';
import { timerMs } from '../time.js';
import type { BoundAddress } from '../transport/transport.js';
import { type BackoffOptions, backoff } from './backoff.js';
import { type Logical, logicalConnection } from './logical-connection.js';
import type { WhileAway } from './logical-sends.js';
import { isPermanent } from './permanent.js';

/** How a logical connection stands with its wires. `attempt` counts those since it was last stable, from 1. */
export type ReconnectState =
  | { readonly state: 'connecting'; readonly attempt: number }
  | { readonly state: 'connected'; readonly attempt: number; readonly remote: BoundAddress }
  /** For `delayMs`, until the next `attempt`; `error` is what the last one ended with, if not in order. */
  | {
      readonly state: 'waiting';
      readonly attempt: number;
      readonly delayMs: number;
      readonly error?: unknown;
    };

/** Options of {@link reconnect}. */
export interface ReconnectOptions extends BackoffOptions {
  /** How long a wire must have been up, in milliseconds, for the next wait to be short again. @default 60,000 */
  readonly stableMs?: number;
  /** What a clean end of the peer's means: the end, or the next wire. @default 'complete' */
  readonly onEnd?: 'complete' | 'reconnect';
  /** What becomes of a send while there is no wire: it fails as *not sent*, or waits for the next one. @default 'fail' */
  readonly whileAway?: WhileAway;
  /** Bytes of messages that may wait for the next wire; one message alone may be larger. Above it `send` fails with `queue-full`. @default 16 MiB */
  readonly maxQueuedBytes?: number;
  /** Messages that may wait for the next wire. Above it `send` fails with `queue-full`. @default 1,024 */
  readonly maxQueuedMessages?: number;
  /** Which errors end it, instead of another attempt. @default isPermanent */
  readonly isPermanent?: (error: unknown) => boolean;
  /** Told each state. They begin before there is a connection. */
  readonly stateObserver?: NextObserver<ReconnectState>;
}

/** How a wire ended in order, where that is no end. */
const cleanEnd = Symbol('a clean end');

/**
 * Makes one logical connection of the wires of its source, which it subscribes again whenever one has ended.
 *
 *     connect(…)   --a---#   --b-----#   --#    -c----|
 *     state        k-d---w---k-d-----w---k-w----kd----      connecting, connected, waiting
 *     reconnect    --C--------------------------------|     one connection, never a second
 *     C.messages$  -----------------------------------|     those of a, then of b, then of c; a hold holds the present wire
 *
 * Waits between attempts as `backoff` says: below `minDelayMs` (default 250), doubling up to `maxDelayMs` (default 30,000), all of it random, from the
 * start again once a wire was up for `stableMs` (default 60,000). It gives up on errors that another attempt will not cure (see `isPermanent`): then it errors, and
 * so does `messages$`, behind what was unread. A clean end completes both, unless `onEnd` is `'reconnect'`.
 *
 * `send` goes to the wire of the moment. Without one it fails as *not sent*, or with `whileAway: 'queue'` waits for the next, within `maxQueuedBytes` (default 16 MiB)
 * and `maxQueuedMessages` (default 1,024), and goes out on it before anything newer. Then a message that its lost wire had not sent waits, too. One that may have arrived
 * errors as *unknown* and is never sent again. The `id` stays, `local` and `remote` are those of the last wire, `flow$` is `paused` without one.
 * `close()`, `destroy()` and `end()` end it for good. So does unsubscribing, which closes the wire in order.
 *
 * The source emits a connection and lasts as long as it does: `connect`, or `failover` over several. A wire whose messages nobody has read yet waits in line: with a
 * reader that is 16 wires behind there are no more attempts; without any reader the oldest is dropped.
 *
 * @example
 * ```ts
 * import { connect, converse, reconnect, text } from 'rx-tinyproto';
 *
 * connect('127.0.0.1:9123', { codec: text() })
 *   .pipe(
 *     reconnect({ whileAway: 'queue', stateObserver: { next: console.log } }),
 *     converse((conn) => conn.messages$),
 *   )
 *   .subscribe({ next: console.log, error: console.error });
 * ```
 */
export function reconnect<In, Out>(
  options: ReconnectOptions = {},
): MonoTypeOperatorFunction<Connection<In, Out>> {
  const settings = settingsOf(options);
  return (source) =>
    new Observable((subscriber) => {
      let logical: Logical<In, Out> | undefined;
      let attempt = 1;
      let upSince: number | undefined;

      const tell = (state: ReconnectState) => {
        // Subscribed to, an observer that throws is reported by RxJS and harms nobody.
        of(state).subscribe((each) => options.stateObserver?.next(each));
      };

      const up = (wire: Connection<In, Out>) => {
        upSince = asyncScheduler.now();
        const isFirst = logical === undefined;
        logical ??= logicalConnection(wire, settings);
        logical.up(wire);
        tell({ state: 'connected', attempt, remote: wire.remote });
        if (isFirst) subscriber.next(logical.connection);
      };

      const again = (error: unknown): Observable<unknown> => {
        logical?.down();
        const ended = logical?.ended === true;
        if (error === cleanEnd && ended) return EMPTY;
        if (error !== cleanEnd && (ended || settings.isPermanent(error))) return throwError(() => error);
        return wait(error);
      };

      const wait = (error: unknown) => {
        const wasStable = upSince !== undefined && asyncScheduler.now() - upSince >= settings.stableMs;
        upSince = undefined;
        attempt = wasStable ? 2 : attempt + 1;
        const delayMs = settings.delayMs(attempt - 1);
        tell({ state: 'waiting', attempt, delayMs, ...(error !== cleanEnd && { error }) });
        return concat(logical?.room$ ?? EMPTY, timer(timerMs(delayMs))).pipe(takeUntil(abandoned$));
      };

      const abandoned$ = defer(() => logical?.abandoned$ ?? NEVER);

      const wire$ = defer(() => {
        tell({ state: 'connecting', attempt });
        return source.pipe(takeUntil(abandoned$));
      });
      const end$ = settings.onEnd === 'reconnect' ? throwError(() => cleanEnd) : EMPTY;

      subscriber.add(() => logical?.leave());
      subscriber.add(
        concat(wire$, end$)
          .pipe(tap(up), retry({ delay: again }))
          .subscribe({
            error: (error) => {
              logical?.end({ error });
              subscriber.error(error);
            },
            complete: () => {
              const failure = logical?.failure;
              logical?.end(failure);
              if (failure) subscriber.error(failure.error);
              else subscriber.complete();
            },
          }),
      );
    });
}

function settingsOf(options: ReconnectOptions) {
  return {
    delayMs: backoff(options),
    stableMs: positiveOption(options, 'stableMs', 60_000),
    onEnd: options.onEnd ?? 'complete',
    whileAway: options.whileAway ?? 'fail',
    maxQueuedBytes: positiveOption(options, 'maxQueuedBytes', 16 * 1_024 * 1_024),
    maxQueuedMessages: positiveOption(options, 'maxQueuedMessages', 1_024),
    isPermanent: options.isPermanent ?? isPermanent,
  };
}
