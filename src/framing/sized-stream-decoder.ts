import type { ByteQueue } from '../bytes/byte-queue.js';
import type { StreamingDecoder } from './decoder.js';
import type { Prefix } from './framing.js';
import { COLLECTED_BYTES } from './limits.js';
import { QueueDecoder } from './queue-decoder.js';

/**
 * Cuts messages that each follow their own size; those above 65,536 bytes come in parts, as their bytes do.
 *
 *     bytes      | size | 70,000 … … … | size | hi |
 *     readHead   70,000
 *     readPart   |  …   |   …  |  …    |
 *     read                                    | hi |
 */
export class SizedStreamDecoder extends QueueDecoder implements StreamingDecoder {
  /** Reads the prefix at the head of the queue, if it is here, and leaves it there. Throws a `ProtocolError`. */
  readonly #prefix: (bytes: ByteQueue) => Prefix | undefined;
  /** Of the message at the head of the queue. */
  #next: Prefix | undefined;
  /** Of the message whose head was read. */
  #missing = 0;

  constructor(prefix: (bytes: ByteQueue) => Prefix | undefined) {
    super();
    this.#prefix = prefix;
  }

  get inBody(): boolean {
    return this.#missing > 0 || (this.#next?.size ?? 0) > COLLECTED_BYTES;
  }

  read(): Uint8Array | undefined {
    if (this.#missing > 0) return undefined;
    this.#next ??= this.#prefix(this.bytes);
    const next = this.#next;
    if (next === undefined || this.inBody || this.bytes.length < next.bytes + next.size) return undefined;
    this.#skip(next);
    return this.bytes.take(next.size);
  }

  readHead(): number | undefined {
    const next = this.#next;
    if (next === undefined || !this.inBody || this.bytes.length < next.bytes) return undefined;
    this.#skip(next);
    this.#missing = next.size;
    return next.size;
  }

  readPart(): Uint8Array | undefined {
    if (this.#missing === 0 || this.bytes.length === 0) return undefined;
    const part = this.bytes.takePiece(this.#missing);
    this.#missing -= part.length;
    return part;
  }

  #skip({ bytes }: Prefix): void {
    this.bytes.skip(bytes);
    this.#next = undefined;
  }
}
