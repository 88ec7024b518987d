import { ProtocolError } from '../errors.js';
import type { Decoder } from './decoder.js';
import type { FramingMachine, FramingPort, Wait } from './framing.js';

/** The slowest rate at which a large message may come, in bytes per second: that of `tinyproto`'s payloads. */
const floorBytesPerSecond = 16_384;

/**
 * Sees to it that a message which has begun goes on coming: for framings whose messages come in pieces, and that have no deadlines of their own.
 *
 * Idleness would not do: whoever sends a byte a second is never idle. A message is to be whole in its time, or to have brought as much in that time as the
 * floor rate makes of it, and then has as much again.
 */
export class PacedDecoder implements FramingMachine {
  readonly #decoder: Decoder;
  protected readonly port: FramingPort;
  #isWatching = false;
  /** Where both counts stood when the time began. */
  #messages = 0;
  #bytes = 0;

  constructor(decoder: Decoder, port: FramingPort) {
    this.#decoder = decoder;
    this.port = port;
  }

  get unreadBytes(): number {
    return this.#decoder.unreadBytes;
  }

  push(chunk: Uint8Array): void {
    this.#decoder.push(chunk);
  }

  read(): Uint8Array | undefined {
    return this.#decoder.read();
  }

  end(): void {
    this.#decoder.end();
  }

  /** Another framing goes on, with a time of its own. */
  rest(): readonly Uint8Array[] {
    const rest = this.#decoder.rest();
    this.#stop();
    return rest;
  }

  /** Everything that could be read has been: what is here is a part of a message, and where more is wanted it is the peer's turn. */
  look(wanted: boolean): boolean {
    if (!wanted || !this.isInside) this.#stop();
    else if (!this.#isWatching || this.port.traffic.messagesIn !== this.#messages) this.#begin();
    return !wanted;
  }

  /** The time is over. If enough has come in it, another one begins. */
  expired(wait: Wait): void {
    if (wait !== 'message') return;
    const came = this.port.traffic.bytesIn - this.#bytes;
    if (came >= (floorBytesPerSecond * this.port.settings.messageTimeoutMs) / 1_000) this.#begin();
    else
      this.port.fail(
        new ProtocolError('payload-timeout', 'A message that had begun did not come in time'),
        true,
      );
  }

  /** Whether a message has begun and is not whole. */
  protected get isInside(): boolean {
    return this.unreadBytes > 0;
  }

  #begin(): void {
    const { traffic, settings } = this.port;
    this.#isWatching = true;
    this.#messages = traffic.messagesIn;
    this.#bytes = traffic.bytesIn;
    this.port.await('message', settings.messageTimeoutMs);
  }

  #stop(): void {
    if (this.#isWatching) this.port.await('message');
    this.#isWatching = false;
  }
}
