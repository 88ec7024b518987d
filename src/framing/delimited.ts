import { ByteSearch, type SearchTable, searchTable } from '../bytes/byte-search.js';
import { DelimitedDecoder } from './delimited-decoder.js';
import { notEncodable } from './faults.js';
import type { Framing } from './framing.js';
import { DEFAULT_MAX_MESSAGE_BYTES, limit, oneOf } from './limits.js';
import { oneWay } from './one-way.js';
import { PacedDecoder } from './paced-decoder.js';

/** Options of {@link delimited}. */
export interface DelimitedOptions {
  /** Largest message in bytes without its delimiter, sent or received. Default 8 MiB. */
  readonly maxMessageBytes?: number;
  /**
   * A message of the peer's above the limit: `'error'` (default) fails with `message-too-large`, `'discard'` drops it up to its delimiter and goes on behind.
   */
  readonly overlong?: 'error' | 'discard';
  /** Bytes behind the last delimiter, at the end: `'error'` (default) is `cut-short`, `'deliver'` takes them for a last message. */
  readonly unterminated?: 'error' | 'deliver';
}

/**
 * Carries messages that each end with a delimiter: one byte sequence, or any of several.
 *
 *     delimited(Uint8Array.of(0))
 *     bytes      | 68 69 | 00 | 00 | 79 6f | 00 |
 *     messages   | 68 69 |    |    | 79 6f |          the second is empty
 *
 * Of several delimiters the one that ends first counts, and if more end there, the longest: so nothing waits for the next byte. Ours is the first of them.
 *
 * A message above `maxMessageBytes` (default 8 MiB) fails with `message-too-large` as soon as so many bytes have come without a delimiter, or is dropped as it
 * comes, by option. Bytes that end behind a delimiter's are `cut-short`, or a last message, by option. Each failure ends the connection.
 *
 * A message of ours in which a delimiter would be found too early is a `SendError`, `not-encodable`. Either direction can end alone.
 *
 * @throws RangeError for no delimiter, an empty one, more than 1,024 bytes in all, or one that holds another before its end, and so would never be found.
 *
 * @example
 * ```ts
 * import { connect, converse, delimited, text } from 'rx-tinyproto';
 *
 * connect(9123, { framing: delimited(Uint8Array.of(0)), codec: text() })
 *   .pipe(converse((conn) => conn.send('hello')))
 *   .subscribe({ error: console.error });
 * ```
 */
export function delimited(
  delimiters: Uint8Array | readonly Uint8Array[],
  {
    maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES,
    overlong = 'error',
    unterminated = 'error',
  }: DelimitedOptions = {},
): Framing {
  const all = delimiters instanceof Uint8Array ? [delimiters] : [...delimiters];
  if (!all.every((one) => one instanceof Uint8Array)) throw new TypeError('a delimiter is a Uint8Array');
  limit('maxMessageBytes', maxMessageBytes);
  return delimitedBy(
    'delimited',
    all.map((one) => one.slice()),
    { maxMessageBytes, overlong, unterminated },
  );
}

/** What `delimited` and `lines` have in common. The first delimiter is the one that we write. */
export function delimitedBy(
  name: string,
  all: readonly Uint8Array[],
  { maxMessageBytes, overlong, unterminated }: Required<DelimitedOptions>,
): Framing {
  const delimiters = searchTable(all);
  const ours = all[0] as Uint8Array;
  const rules = {
    delimiters,
    maxMessageBytes,
    overlong: oneOf('overlong', overlong, ['error', 'discard']),
    unterminated: oneOf('unterminated', unterminated, ['error', 'deliver']),
  };
  return oneWay({
    name,
    maxMessageBytes,
    encode(message) {
      demandNoneInside(message, ours, delimiters);
      return { head: NONE, body: message, tail: ours };
    },
    open: (port) => new PacedDecoder(new DelimitedDecoder(rules), port),
  });
}

const NONE = new Uint8Array(0);

/** The first delimiter that a reader finds must be ours, whole and behind the message. */
function demandNoneInside(message: Uint8Array, ours: Uint8Array, table: SearchTable): void {
  const search = new ByteSearch(table);
  const inside = search.look(message, 0, message.length) >= 0;
  const found = inside ? -1 : search.look(ours, 0, ours.length);
  if (found !== ours.length - 1 || search.matched !== ours.length) {
    throw notEncodable(
      'a delimiter would be found in the message, or in its end and the delimiter behind it',
    );
  }
}
