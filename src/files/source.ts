import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { OutgoingBody } from '../connection/body.js';
import { FileError } from './file-error.js';
import { hashed } from './hashed.js';
import type { Held } from './letters.js';

/** The largest chunk: tpft's own. */
export const chunkBytes = 4 * 1_024 * 1_024;
/** What is read of a file at a time. */
const partBytes = 128 * 1_024;

/** A file that goes out, hashed as it does. It is as long as it was when this began. */
export class Source {
  #hash = createHash('sha256');
  #sent = 0;

  constructor(
    private readonly handle: FileHandle,
    readonly size: number,
  ) {}

  /** Skips what the other side has, if that is the beginning of this file; where to go on. */
  async skip({ bytes, sha256 }: Held): Promise<number> {
    if (bytes === 0 || bytes > this.size) return 0;
    const hash = createHash('sha256');
    const there = await hashed(this.handle, bytes, hash);
    if (there < bytes || hash.copy().digest('hex') !== sha256) return 0;
    this.#hash = hash;
    this.#sent = bytes;
    return bytes;
  }

  /** The next chunk as a message, or undefined behind the last. */
  chunk(sent: (bytes: number) => void): OutgoingBody | undefined {
    const size = Math.min(chunkBytes, this.size - this.#sent);
    return size === 0 ? undefined : { size, body$: this.#parts(size, sent) };
  }

  /** The hash of all of it, in hexadecimal. */
  digest(): string {
    return this.#hash.copy().digest('hex');
  }

  async *#parts(size: number, sent: (bytes: number) => void): AsyncGenerator<Uint8Array> {
    for (let left = size; left > 0; ) {
      const { bytesRead, buffer } = await this.handle.read(
        Buffer.allocUnsafeSlow(Math.min(partBytes, left)),
        { position: this.#sent },
      );
      if (bytesRead === 0) throw new FileError('wrong-size', 'The file has become shorter');
      const part = buffer.subarray(0, bytesRead);
      this.#hash.update(part);
      this.#sent += bytesRead;
      left -= bytesRead;
      sent(bytesRead);
      yield part;
    }
  }
}
