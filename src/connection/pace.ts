import type { Meter } from './traffic.js';

/** The slowest rate at which a large message may come, in bytes per second: that of `tinyproto`'s payloads. */
const floorBytesPerSecond = 16_384;

/**
 * Sees to it that a message which has begun goes on coming, where the framing has no deadlines of its own.
 *
 * Idleness would not do: whoever sends a byte a second is never idle. A message is to be whole in its time, or to have brought as much in that time as the
 * floor rate makes of it, and then has as much again.
 */
export class Pace {
  readonly #meter: Meter;
  readonly #ms: number;
  readonly #await: (ms: number) => void;
  #isWatching = false;
  /** Where both counts stood when the time began. */
  #messages = 0;
  #bytes = 0;

  /** `wait` starts the one deadline that this takes, anew: `Infinity` is none. */
  constructor(meter: Meter, ms: number, wait: (ms: number) => void) {
    this.#meter = meter;
    this.#ms = ms;
    this.#await = wait;
  }

  /** Everything that could be read has been. `isInside`: it ended inside a message, and it is the peer's turn. */
  look(isInside: boolean): void {
    if (!isInside) this.#stop();
    else if (!this.#isWatching || this.#meter.messagesIn !== this.#messages) this.#begin();
  }

  /** The time is over. If enough has come in it, another one begins. */
  isTooSlow(): boolean {
    const came = this.#meter.bytesIn - this.#bytes;
    if (came < (floorBytesPerSecond * this.#ms) / 1_000) return true;
    this.#begin();
    return false;
  }

  #begin(): void {
    this.#isWatching = true;
    this.#messages = this.#meter.messagesIn;
    this.#bytes = this.#meter.bytesIn;
    this.#await(this.#ms);
  }

  #stop(): void {
    if (this.#isWatching) this.#await(Number.POSITIVE_INFINITY);
    this.#isWatching = false;
  }
}
