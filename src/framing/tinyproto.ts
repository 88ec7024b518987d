import { SendError } from '../errors.js';
import type { Framing } from './framing.js';
import { Heads } from './heads.js';
import { newConversation } from './tinyproto-conversation.js';
import { TinyprotoEnd } from './tinyproto-end.js';
import { TinyprotoMachine } from './tinyproto-machine.js';
import type { TinyprotoOptions } from './tinyproto-options.js';
import { rulesOf } from './tinyproto-options.js';

export type { TinyprotoOptions } from './tinyproto-options.js';

const NONE = new Uint8Array(0);

/**
 * Carries messages on the wire of the Python library tinyproto: each message follows its size, and each size is answered.
 *
 * Which `duplex` for a Python peer: `'full'`, the default, where one side speaks at a time (request and answer, or all messages one way); `'half'` where either
 * side may begin. Two of this library always use `'full'`. In the wrong mode a Python peer hangs as soon as two headers cross.
 *
 *     opening   ours     | ff |                               each side, without waiting for the other
 *               theirs   | ff |                               fe: full, fd: conflict, 00: refused
 *     message   sender   | 00 00 00 02 |      | 68 69 |       size: 4 bytes, big-endian
 *               receiver               | ff |                 fd: refused, the size is above its limit
 *     closing            FIN, between messages
 *
 * The peer's OK says that its parser accepted the message, not that its application has it. A receiver that has no room withholds it: so the peer is held while
 * the socket is read on, because our own answers come through it. `inboxSlots` messages (default 1) may be here unconsumed, `extraSlots` more (default 8)
 * while a send of ours waits, and as many as the peer's window that were under way; their bytes are taken as they come and never from the size alone.
 *
 * A message above `maxMessageBytes` (default 8 MiB) of ours fails with `message-too-large` before it is queued; one of the peer's is refused and skipped, and
 * the connection lives. If it is so small (65,536 bytes at most) that it may have come along with its header, the connection ends with `message-too-large`.
 *
 * Neither direction can end alone, since the answers need the other. A FIN inside a message is `cut-short`; the opening byte fails with `bad-opening`,
 * `opening-refused`, `connection-limit` or `conflict`; lost step shows as `unexpected-signal`, `unexpected-answer` or `too-many-unanswered`, in half duplex as
 * `collision`; what comes beyond the inbox is `inbox-overflow`; waits end with `opening-timeout`, `header-timeout`, `payload-timeout`, `ok-timeout` or
 * `mutual-hold`. Each ends the connection; messages that were complete before can still be read.
 *
 * Source: the wire of Python's `tinyproto`, 2.0.1 and 3.0. What both sides do when they speak at once is this library's own.
 *
 * @example
 * ```ts
 * import { consume, listen, serve, tinyproto } from 'rx-tinyproto';
 *
 * // For Python clients that send on without waiting for their answers.
 * listen(9123, { framing: tinyproto({ duplex: 'half' }) })
 *   .pipe(serve((conn) => conn.messages$.pipe(consume((message) => conn.send(message)))))
 *   .subscribe();
 * ```
 */
export function tinyproto(options: TinyprotoOptions = {}): Framing {
  const rules = rulesOf(options);
  const heads = new Heads((size) => headOf(size, rules.maxMessageBytes));
  return {
    name: 'tinyproto',
    maxMessageBytes: rules.maxMessageBytes,
    halfClose: false,
    full: Uint8Array.of(0xfe),
    encode: (message) => ({ head: heads.of(message.length), body: message, tail: NONE }),
    open: (port) => new TinyprotoEnd((of) => new TinyprotoMachine(rules, of, newConversation()), port),
    streams: {
      encode: (size) => ({
        head: heads.of(size),
        body: NONE,
        tail: NONE,
        streamed: size,
      }),
      open: (port, machines) => machines.tinyproto(rules, port),
    },
  };
}

function headOf(size: number, most: number): Uint8Array {
  if (size > most) {
    throw new SendError('message-too-large', `a message of ${size} bytes is above maxMessageBytes, ${most}`, {
      fate: 'not-sent',
    });
  }
  return Uint8Array.of(size >>> 24, size >>> 16, size >>> 8, size);
}
