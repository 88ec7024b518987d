import { map, type OperatorFunction } from 'rxjs';
import { copied } from '../bytes/joined.js';
import type { Framing } from './framing.js';

/**
 * Frames each message: one chunk of bytes for each, whole. For files, serial ports, and whatever else takes bytes.
 *
 *     messages          --a---b--|
 *     encode(lines())   --A---B--|      A = a and its line ending
 *
 * Fails with a `SendError` for a message that the framing cannot carry (`message-too-large`, `not-encodable`), with a `TypeError` for what is no `Uint8Array`.
 *
 * @throws TypeError at once for a framing that needs both directions, as `tinyproto` does: each of its messages waits for an answer.
 *
 * @example
 * ```ts
 * import { encode, lengthPrefixed } from 'rx-tinyproto';
 * import { from, map } from 'rxjs';
 *
 * from(['one', 'two'])
 *   .pipe(
 *     map((word) => new TextEncoder().encode(word)),
 *     encode(lengthPrefixed({ size: 2 })),
 *   )
 *   .subscribe(console.log);
 * ```
 */
export function encode(framing: Framing): OperatorFunction<Uint8Array, Uint8Array> {
  demandOneWay(framing);
  return map((message) => {
    if (!(message instanceof Uint8Array)) throw new TypeError('a message is a Uint8Array');
    const { head, body, tail } = framing.encode(message);
    // A head or tail by itself is that of every frame, and not to be given away.
    return head.length + tail.length === 0 ? body : copied([head, body, tail]);
  });
}

/** Where each direction can end by itself, each can be had by itself. */
export function demandOneWay(framing: Framing): void {
  if (framing.halfClose) return;
  throw new TypeError(
    `${framing.name} works in both directions at once: it needs a connection, not an operator`,
  );
}
