import { delimitedBy } from './delimited.js';
import type { Framing } from './framing.js';
import { limit, oneOf } from './limits.js';

/** Options of {@link lines}. */
export interface LinesOptions {
  /** What our lines end with. Default `'\n'`. Both are understood. */
  readonly ending?: '\n' | '\r\n';
  /** Longest line in bytes without its ending, sent or received. Default 64 KiB. */
  readonly maxLineBytes?: number;
  /** A longer line of the peer's: `'error'` (default) fails with `message-too-large`, `'discard'` drops it and goes on with the next. */
  readonly overlong?: 'error' | 'discard';
  /**
   * A last line without an ending: `'error'` (default) is `cut-short`, since on a connection nobody knows whether it is whole; `'deliver'` is
   * for files, where editors leave it so.
   */
  readonly unterminated?: 'error' | 'deliver';
}

/**
 * Carries messages that are lines.
 *
 *     bytes      | 68 69 | 0a | 79 6f | 0d 0a | 0a |        LF or CRLF
 *     messages   | 68 69 |    | 79 6f |       |    |        the third is empty
 *
 * A line is bytes, and `{ codec: text() }` makes a string of it: no byte of a character in UTF-8 looks like an ending, so it is whole. A CR that no LF follows
 * belongs to the line.
 *
 * A line above `maxLineBytes` (default 65,536) fails with `message-too-large` as soon as so many bytes have come, or is dropped as it comes, by option.
 * Bytes behind the last ending are `cut-short`, or a last line, by option. Each failure ends the connection.
 *
 * A message of ours that holds an LF is a `SendError`, `not-encodable`; so is one that ends with a CR where `ending` is LF: it would come out without. Either
 * direction can end alone.
 *
 * @example
 * ```ts
 * import { connect, converse, lines, text } from 'rx-tinyproto';
 *
 * connect('localhost:25', { framing: lines({ ending: '\r\n', maxLineBytes: 512 }), codec: text() })
 *   .pipe(converse((conn) => conn.messages$))
 *   .subscribe({ next: console.log, error: console.error });
 * ```
 */
export function lines({
  ending = '\n',
  maxLineBytes = 65_536,
  overlong = 'error',
  unterminated = 'error',
}: LinesOptions = {}): Framing {
  oneOf('ending', ending, ['\n', '\r\n']);
  limit('maxLineBytes', maxLineBytes);
  const delimiters = ending === '\n' ? [LF, CRLF] : [CRLF, LF];
  return delimitedBy('lines', delimiters, { maxMessageBytes: maxLineBytes, overlong, unterminated });
}

const LF = Uint8Array.of(10);
const CRLF = Uint8Array.of(13, 10);
