import { ChunkQueue } from '../bytes/chunk-queue.js';
import type { Decoder } from './decoder.js';
import { notEncodable, tooLarge, tooLargeToSend } from './faults.js';
import type { Framing } from './framing.js';
import { DEFAULT_MAX_MESSAGE_BYTES, limit } from './limits.js';

/** Options of {@link wholeChunks}. */
export interface WholeChunksOptions {
  /** Largest chunk in bytes, sent or received. Default 8 MiB. */
  readonly maxMessageBytes?: number;
}

/**
 * Takes each chunk for a message, as it comes. No framing at all: for transports that keep messages apart by themselves, and for handing bytes on.
 *
 *     chunks     | 68 | 69 79 6f |
 *     messages   | 68 | 69 79 6f |      over TCP, what was sent as "hi" and "yo" may come so
 *
 * Over a byte stream the chunks are no promise of anybody's: the kernel joins and cuts them as it likes, and only their order holds. Where that matters, use
 * another framing.
 *
 * A chunk above `maxMessageBytes` (default 8 MiB) fails with `message-too-large`, which ends the connection; the bytes can end anywhere. A message of ours that
 * is above it, or empty (nothing of it would arrive), is a `SendError`. Either direction can end alone.
 *
 * @example
 * ```ts
 * import { consume, listen, serve, wholeChunks } from 'rx-tinyproto';
 *
 * listen(7, { framing: wholeChunks() }) // the echo service of RFC 862
 *   .pipe(serve((conn) => conn.messages$.pipe(consume((chunk) => conn.send(chunk)))))
 *   .subscribe();
 * ```
 */
export function wholeChunks({
  maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES,
}: WholeChunksOptions = {}): Framing {
  limit('maxMessageBytes', maxMessageBytes, 1);
  return {
    name: 'whole-chunks',
    maxMessageBytes,
    halfClose: true,
    encode(message) {
      if (message.length === 0) throw notEncodable('an empty message is no chunk');
      if (message.length > maxMessageBytes) throw tooLargeToSend(message.length, maxMessageBytes);
      return { head: NONE, body: message, tail: NONE };
    },
    open: () => new ChunkDecoder(maxMessageBytes),
  };
}

const NONE = new Uint8Array(0);

class ChunkDecoder extends ChunkQueue implements Decoder {
  constructor(private readonly maxMessageBytes: number) {
    super();
  }

  read(): Uint8Array | undefined {
    const chunk = this.shift();
    if (!chunk) return undefined;
    if (chunk.length > this.maxMessageBytes) throw tooLarge(this.maxMessageBytes);
    // A plain Uint8Array, whatever it was: the `slice` of a Buffer would share memory.
    return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
  }

  end(): void {}
}
