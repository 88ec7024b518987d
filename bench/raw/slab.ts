import type { Socket } from 'node:net';

/** From here on a message is passed to the kernel as it is, instead of being copied. */
const largeBytes = 32_768;
const slabBytes = 65_536;

/**
 * The tuned way to send: what is sent in one turn of the event loop is copied behind each other into one slab, headers included, and leaves in one write.
 *
 * A slab that the kernel took at once is used again; one that waits in the socket belongs to it.
 */
export class Slab {
  #bytes = Buffer.allocUnsafeSlow(slabBytes);
  #at = 0;
  #scheduled = false;
  readonly #socket: Socket;
  readonly #flush = () => {
    this.#scheduled = false;
    this.flush();
  };

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
  }

  /** Whether the socket takes more now; if not, it will say `drain`. */
  get writable(): boolean {
    return !this.#socket.writableNeedDrain;
  }

  frame(message: Uint8Array): void {
    this.header(message.length);
    this.bytes(message);
  }

  header(size: number): void {
    const at = this.#room(4);
    const bytes = this.#bytes;
    bytes[at] = size >>> 24;
    bytes[at + 1] = size >>> 16;
    bytes[at + 2] = size >>> 8;
    bytes[at + 3] = size;
  }

  byte(value: number): void {
    this.#bytes[this.#room(1)] = value;
  }

  bytes(message: Uint8Array): void {
    if (message.length >= largeBytes) {
      this.flush();
      this.#socket.write(message);
    } else {
      const at = this.#room(message.length);
      this.#bytes.set(message, at);
    }
  }

  flush(): void {
    if (this.#at === 0) return;
    this.#socket.write(this.#bytes.subarray(0, this.#at));
    this.#at = 0;
    if (this.#socket.writableLength > 0) this.#bytes = Buffer.allocUnsafeSlow(slabBytes);
  }

  #room(bytes: number): number {
    if (this.#at + bytes > slabBytes) this.flush();
    if (!this.#scheduled) {
      this.#scheduled = true;
      process.nextTick(this.#flush);
    }
    const at = this.#at;
    this.#at = at + bytes;
    return at;
  }
}
