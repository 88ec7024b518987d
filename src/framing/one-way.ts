import { joined } from '../bytes/joined.js';
import { ProtocolError } from '../errors.js';
import { tooLargeToSend } from './faults.js';
import type { Frame, Framing, FramingMachine, FramingPort } from './framing.js';

/**
 * Cuts the bytes of one direction into messages. Owns the chunks it is given, decodes on demand, and tells of faults by throwing a `ProtocolError`, once.
 */
export interface Decoder {
  /** Bytes that were taken and not read. */
  readonly unreadBytes: number;
  /** Takes a chunk, and does not look into it. */
  push(chunk: Uint8Array): void;
  /** The next complete message, or undefined. Looks at nothing behind it. */
  read(): Uint8Array | undefined;
  /** The bytes have ended, and `read` found nothing more in them. It may find something now; half a message is `cut-short`, thrown here or there. */
  end(): void;
  /** Gives back the bytes that were not read. */
  rest(): Uint8Array;
}

/** A framing whose two directions know nothing of each other: what it takes to make a {@link Framing} of it. */
export interface OneWay {
  readonly name: string;
  readonly maxMessageBytes: number;
  /** Frames a message that is not above the limit. */
  encode(message: Uint8Array): Frame;
  /** A decoder for one stream of bytes. `wake` may be called at any time, by one that has something to say without being asked. */
  decoder(wake: () => void): Decoder;
}

const NONE = new Uint8Array(0);
const nothing: Decoder = {
  unreadBytes: 0,
  push: () => {},
  read: () => undefined,
  end: () => {},
  rest: () => NONE,
};

export function oneWay({ name, maxMessageBytes, encode, decoder }: OneWay): Framing {
  return {
    name,
    maxMessageBytes,
    halfClose: true,
    encode(message) {
      if (message.length > maxMessageBytes) throw tooLargeToSend(message.length, maxMessageBytes);
      return encode(message);
    },
    open(port) {
      return new OneWayMachine(
        decoder(() => port.await('quiet', 0)),
        port,
      );
    },
  };
}

/**
 * Two directions side by side:
 *
 *     receiving   reading ──close──▶ dropping ──┐
 *                    └── fault, end, release ───┴──▶ over
 *     sending     fresh ──start──▶ open ── our FIN, fault, release ──▶ over
 */
class OneWayMachine implements FramingMachine {
  readonly pausable = true;
  /** A frame is written in one go: the wire has all of it or none. */
  readonly midFrame = false;
  #decoder: Decoder;
  readonly #port: FramingPort;
  #receiving: 'reading' | 'dropping' | 'over' = 'reading';
  #sending: 'fresh' | 'open' | 'over' = 'fresh';
  /** `read` has found nothing, and nothing has come since. */
  #starved = true;
  #theirEnd: 'not-yet' | 'come' | 'told' = 'not-yet';
  /** Read to learn whether the end cuts a message, before anybody asked for it. */
  #ahead: Uint8Array | undefined;
  #droppedMessages = 0;
  #droppedBytes = 0;

  constructor(decoder: Decoder, port: FramingPort) {
    this.#decoder = decoder;
    this.#port = port;
  }

  get unreadBytes(): number {
    return this.#decoder.unreadBytes + (this.#ahead?.length ?? 0);
  }

  get dropped(): { readonly messages: number; readonly bytes: number } {
    return { messages: this.#droppedMessages, bytes: this.#droppedBytes };
  }

  start(): void {
    this.#sending = 'open';
    this.#port.opened();
  }

  receive(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    if (this.#receiving === 'reading') {
      this.#decoder.push(chunk);
      this.#starved = false;
    } else if (this.#receiving === 'dropping') {
      this.#decoder.push(chunk);
      this.#droppedBytes += chunk.length;
      this.#drop();
    }
  }

  /** What is unread now may be for another framing, so half a message is noticed when it is asked for: at once only if it has been asked for before. */
  receiveEnd(): void {
    this.#theirEnd = 'come';
    if (this.#receiving === 'reading' && this.#starved) this.#ahead = this.#next();
  }

  read(): Uint8Array | undefined {
    const message = this.#ahead ?? (this.#receiving === 'reading' ? this.#next() : undefined);
    this.#ahead = undefined;
    this.#starved = message === undefined;
    return message;
  }

  consumed(): void {}

  canBegin(): boolean {
    return this.#sending === 'open';
  }

  begin({ head, body, tail }: Frame): void {
    const bare = body.length === 0 && tail.length === 0;
    if (head.length > 0 || bare) this.#port.write(head, bare);
    if (body.length > 0) this.#port.write(body, tail.length === 0);
    if (tail.length > 0) this.#port.write(tail, true);
    this.#port.outcome('taken');
  }

  close(): void {
    if (this.#receiving !== 'reading') return;
    this.#receiving = 'dropping';
    this.#droppedBytes += this.unreadBytes;
    if (this.#ahead) this.#droppedMessages += 1;
    this.#ahead = undefined;
    this.#drop();
  }

  tryEnd(): boolean {
    this.#sending = 'over';
    return true;
  }

  expired(): void {}

  release(): Uint8Array {
    const rest = this.#decoder.rest();
    const unread = this.#ahead ? joined([this.#ahead, rest]) : rest;
    this.#ahead = undefined;
    this.#sending = 'over';
    this.#readNoMore();
    return unread;
  }

  #next(): Uint8Array | undefined {
    try {
      const message = this.#decoder.read();
      if (message !== undefined || this.#theirEnd === 'not-yet') return message;
      if (this.#theirEnd === 'told') {
        this.#readNoMore();
        return undefined;
      }
      this.#theirEnd = 'told';
      this.#decoder.end();
      return this.#next();
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  #fail(error: unknown): void {
    if (!(error instanceof ProtocolError)) throw error;
    this.#sending = 'over';
    this.#readNoMore();
    this.#port.fail(error, { reset: false });
  }

  /** Complete messages are still told apart, to be counted. What is wrong with them is nobody's business any more. */
  #drop(): void {
    try {
      while (this.#decoder.read() !== undefined) this.#droppedMessages += 1;
    } catch {
      this.#readNoMore();
    }
  }

  /** Lets go of the bytes, too. */
  #readNoMore(): void {
    this.#receiving = 'over';
    this.#decoder = nothing;
  }
}
