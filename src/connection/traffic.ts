/** What has passed, counted from the start. */
export interface Traffic {
  /** Bytes that came from the wire, framing included. */
  readonly bytesIn: number;
  /** Bytes handed to the wire, framing included. */
  readonly bytesOut: number;
  /** Messages that were read to be delivered. */
  readonly messagesIn: number;
  /** Messages of ours that were taken. */
  readonly messagesOut: number;
}

/** The same, by whoever counts. */
export type Counts = { -readonly [Of in keyof Traffic]: Traffic[Of] };

export const newCounts = (): Counts => ({ bytesIn: 0, bytesOut: 0, messagesIn: 0, messagesOut: 0 });

/**
 * Counts what passes on all connections that it is given to, as their option `traffic`. Each connection has a count of its own besides.
 *
 * Read it whenever it is wanted: counting costs an addition, and tells nobody.
 *
 * @example
 * ```ts
 * import { listen, serve, traffic } from 'rx-tinyproto';
 * import { map, pairwise, take, timer } from 'rxjs';
 *
 * const all = traffic();
 * listen(9123, { traffic: all }).pipe(serve((conn) => conn.messages$)).subscribe();
 * timer(0, 1_000).pipe(map(() => all.messagesIn), pairwise(), map(([before, now]) => now - before), take(2)).subscribe(console.log);
 * ```
 */
export function traffic(): Traffic {
  return newCounts();
}
