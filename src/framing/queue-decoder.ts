import { ByteQueue } from '../bytes/byte-queue.js';
import type { Decoder } from './decoder.js';
import { cutShort } from './faults.js';

/** A decoder over a queue of bytes, for framings that need not know how the bytes were cut. */
export abstract class QueueDecoder implements Decoder {
  protected readonly bytes = new ByteQueue();

  get unreadBytes(): number {
    return this.bytes.length;
  }

  push(chunk: Uint8Array): void {
    this.bytes.push(chunk);
  }

  abstract read(): Uint8Array | undefined;

  /** What is left is no message. */
  end(): void {
    if (this.bytes.length > 0) throw cutShort();
  }

  rest(): readonly Uint8Array[] {
    return this.bytes.length > 0 ? [this.bytes.takeAll()] : [];
  }
}
