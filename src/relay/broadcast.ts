import { localRoom } from './local-room.js';
import type { BroadcastOptions, Room } from './room.js';

/**
 * A room: whatever is sent to it is sent to all who have joined.
 *
 *     joined     a b
 *     send(m)    ----m---n--
 *     a          ----m---n--
 *     b          ----m-----------n      does not read: that delays nobody else
 *
 * A message is encoded once, and its bytes shared, for all members of the same framing and codec. Each member has a queue of its own: `maxPendingBytes` (default
 * 1 MiB) and `maxPendingMessages` (default 1,024), and what happens beyond is `onSlow`: `'disconnect'` destroys its connection with `too-slow`; `'drop-oldest'`,
 * `'drop-newest'` and `'latest'` (which keeps one) drop, and `dropped$` tells; `'wait'` keeps all, and `send` completes when the slowest has room, so a sender that
 * consumes is held. All members are sent the messages in the same order.
 *
 * With `replay`, a newcomer is first sent the last so many that were sent to all, as far as they fit the bounds.
 *
 * @example
 * ```ts
 * import { broadcast, consume, listen, serve, text } from 'rx-tinyproto';
 * import { merge } from 'rxjs';
 *
 * const room = broadcast<string>({ maxPendingBytes: 1 << 20, onSlow: 'disconnect' });
 * listen(8088, { codec: text() })
 *   .pipe(
 *     serve((conn) =>
 *       merge(
 *         room.join(conn),
 *         conn.messages$.pipe(consume((line) => room.send(`[${conn.id}] ${line}`, { except: conn }))),
 *       ),
 *     ),
 *   )
 *   .subscribe();
 * ```
 */
export function broadcast<T>(options: BroadcastOptions = {}): Room<T> {
  return localRoom<T>(options);
}
