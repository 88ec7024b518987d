import { joined } from '../bytes/joined.js';
import { ProtocolError } from '../errors.js';
import type { Decoder } from './decoder.js';
import type { Frame, FramingMachine, FramingPort } from './framing.js';

/**
 * Two directions side by side:
 *
 *     receiving   reading ──close──▶ dropping ──┐
 *                    └── fault, end, release ───┴──▶ over
 *     sending     fresh ──start──▶ open ── our FIN, fault, release ──▶ over
 */
export class OneWayMachine implements FramingMachine {
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

  get pausable(): boolean {
    return true;
  }

  /** A frame is written in one go: the wire has all of it or none. */
  get midFrame(): boolean {
    return false;
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
    if (chunk.length === 0 || this.#receiving === 'over') return;
    this.#decoder.push(chunk);
    this.#starved = false;
    if (this.#receiving === 'reading') return;
    this.#droppedBytes += chunk.length;
    this.drop();
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

  follow(): boolean {
    return true;
  }

  close(): void {
    if (this.#receiving !== 'reading') return;
    this.#receiving = 'dropping';
    this.#droppedBytes += this.unreadBytes;
    if (this.#ahead) this.#droppedMessages += 1;
    this.#ahead = undefined;
    this.drop();
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
      if (message !== undefined || this.#theirEnd === 'not-yet' || this.#decoder.inBody) return message;
      if (this.#theirEnd === 'told') {
        this.#readNoMore();
        return undefined;
      }
      this.#theirEnd = 'told';
      this.#decoder.end();
      return this.#next();
    } catch (error) {
      this.fail(error);
      return undefined;
    }
  }

  protected fail(error: unknown): void {
    if (!(error instanceof ProtocolError)) throw error;
    this.#sending = 'over';
    this.#readNoMore();
    this.#port.fail(error, { reset: false });
  }

  /** Complete messages are still told apart, to be counted. What is wrong with them is nobody's business any more. */
  protected drop(): void {
    try {
      while (this.skipMessage()) this.#droppedMessages += 1;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#readNoMore();
    }
  }

  /** Drops the next message, if it is complete. */
  protected skipMessage(): boolean {
    return this.#decoder.read() !== undefined;
  }

  /** Lets go of the bytes, too. */
  #readNoMore(): void {
    this.#receiving = 'over';
    this.#decoder = nothing;
  }
}

const NONE = new Uint8Array(0);
const nothing: Decoder = {
  unreadBytes: 0,
  push: () => {},
  read: () => undefined,
  end: () => {},
  rest: () => NONE,
};
