import { ignoreElements, type OperatorFunction, pipe } from 'rxjs';
import type { Connection } from '../connection/connection.js';
import { consume } from '../flow/consume.js';

/** Options of {@link distribute}. */
export interface DistributeOptions {
  /** How many messages may be under way at once, over all connections. @default one for each connection */
  readonly concurrency?: number;
}

/**
 * Sends each message to one of several connections, chosen by its key: one to many.
 *
 *     messages     1-2-3-4-
 *     connections  [a, b]
 *     a            --2---4-      those of one key go to one connection, in order
 *     b            1---3---
 *
 * A number is taken modulo the number of connections, so the index that `keyOf` is given deals them out in turn; a string is hashed (FNV-1a, 32 bits), the same on every
 * machine. Holds its source (`messages$`, or another with `paced`) while `concurrency` messages are not yet taken: a connection that does not read holds it in the end. Emits nothing, completes when
 * all are taken, errors with the first `SendError`. Without a connection, a `RangeError` is thrown at once.
 *
 * @example
 * ```ts
 * import { connect, distribute, paced, text } from 'rx-tinyproto';
 * import { combineLatest, from, mergeMap } from 'rxjs';
 *
 * const codec = text();
 * combineLatest([connect(9001, { codec }), connect(9002, { codec })])
 *   .pipe(mergeMap((workers) => from(['a', 'b', 'c']).pipe(paced(), distribute(workers, (word) => word))))
 *   .subscribe({ error: console.error });
 * ```
 */
export function distribute<T>(
  connections: readonly Connection<unknown, T>[],
  keyOf: (message: T, index: number) => number | string,
  { concurrency = connections.length }: DistributeOptions = {},
): OperatorFunction<T, never> {
  if (connections.length === 0) throw new RangeError('distribute needs a connection');
  return pipe(
    consume(
      (message, index) => {
        const chosen = connections[numberOf(keyOf(message, index)) % connections.length];
        if (!chosen) throw new RangeError('a key is a number or a string');
        return chosen.send(message);
      },
      { concurrency },
    ),
    ignoreElements(),
  );
}

/** Of what is no key, such as a promise of one, none. */
function numberOf(key: unknown): number {
  if (typeof key === 'string') return hash(key);
  return typeof key === 'number' ? Math.abs(Math.trunc(key)) : Number.NaN;
}

function hash(key: string): number {
  let state = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(key)) state = Math.imul(state ^ byte, 0x01000193);
  return state >>> 0;
}
