import { positive } from '../connection/options.js';

/** Options of {@link backoff}, and so of whatever tries again. */
export interface BackoffOptions {
  /** The longest wait after the first failure, in milliseconds. Doubles with each further one. @default 250 */
  readonly minDelayMs?: number;
  /** The longest wait of all, in milliseconds. @default 30,000 */
  readonly maxDelayMs?: number;
  /** Where chance comes from: a number from 0 to below 1. @default Math.random */
  readonly random?: () => number;
}

/**
 * How long to wait after so many failures in a row: a random time below a bound that doubles up to a cap.
 *
 *     attempt            1     2     3     4   …       8      9
 *     at most (ms)     250   500  1000  2000   …  30,000 30,000
 *     full jitter     0–250 0–500  …                          evenly distributed
 *
 * The whole of the time is random ("full jitter"), so that clients which lost their server together do not come back together.
 * A `RangeError` is thrown at once for limits that are not above 0, or crossed.
 *
 * Source: Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 *
 * @example
 * ```ts
 * import { backoff } from 'rx-tinyproto';
 *
 * const delayMs = backoff({ minDelayMs: 100, random: () => 0.5 });
 * console.log(delayMs(1), delayMs(2)); // 50 100
 * ```
 */
export function backoff({
  minDelayMs = 250,
  maxDelayMs = 30_000,
  random = Math.random,
}: BackoffOptions = {}): (attempt: number) => number {
  positive('minDelayMs', minDelayMs);
  positive('maxDelayMs', maxDelayMs);
  if (minDelayMs > maxDelayMs)
    throw new RangeError(`minDelayMs ${minDelayMs} is above maxDelayMs ${maxDelayMs}`);
  return (attempt) => random() * Math.min(maxDelayMs, minDelayMs * 2 ** (attempt - 1), Number.MAX_VALUE);
}
