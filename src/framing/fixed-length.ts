import { notEncodable } from './faults.js';
import type { Framing } from './framing.js';
import { wholeNumber } from './limits.js';
import { oneWay } from './one-way.js';
import { PacedDecoder } from './paced-decoder.js';
import { QueueDecoder } from './queue-decoder.js';

/**
 * Carries messages that all have the same size.
 *
 *     fixedLength(3)
 *     bytes      | 61 62 63 | 64 65 66 |
 *     messages   | 61 62 63 | 64 65 66 |
 *
 * Needs no limit but its own, and stores what has come of one message at most. Bytes that end inside a message are `cut-short`, which ends the connection.
 * A message of another size is a `SendError`: `message-too-large`, or `not-encodable` if it is shorter. Either direction can end alone.
 *
 * @throws RangeError unless `bytes` is from 1 to 2^53 - 1.
 *
 * @example
 * ```ts
 * import { connect, converse, fixedLength } from 'rx-tinyproto';
 *
 * connect(9123, { framing: fixedLength(188) }) // packets of an MPEG transport stream
 *   .pipe(converse((conn) => conn.messages$))
 *   .subscribe({ next: console.log, error: console.error });
 * ```
 */
export function fixedLength(bytes: number): Framing {
  const size = wholeNumber('bytes', bytes, 1, Number.MAX_SAFE_INTEGER);
  return oneWay({
    name: 'fixed-length',
    maxMessageBytes: size,
    encode(message) {
      if (message.length < size)
        throw notEncodable(`a message has ${size} bytes here, not ${message.length}`);
      return { head: NONE, body: message, tail: NONE };
    },
    open: (port) => new PacedDecoder(new FixedDecoder(size), port),
  });
}

const NONE = new Uint8Array(0);

class FixedDecoder extends QueueDecoder {
  constructor(private readonly size: number) {
    super();
  }

  read(): Uint8Array | undefined {
    return this.bytes.length < this.size ? undefined : this.bytes.take(this.size);
  }
}
