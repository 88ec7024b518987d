import type { Framing, FramingMachine } from '../framing/framing.js';
import { Reading } from '../framing/reading.js';
import { hexOf } from './bytes.js';
import { codeOf, framed } from './every-split.js';

/** Bytes as the bench writes them down: no blanks between the digits. */
export const digitsOf = (bytes: Uint8Array): string => hexOf(bytes).replaceAll(' ', '');

/** A machine on the bench: it is given bytes, and read. */
export class Bench {
  readonly framing: Framing;
  readonly #reading: Reading;
  /** How often it has called `turn`, to be asked again. */
  #calls = 0;
  #isTold = false;

  constructor(framing: Framing) {
    this.framing = framing;
    this.#reading = new Reading(framing, { turn: () => this.#calls++ });
  }

  get machine(): FramingMachine {
    return this.#reading.machine;
  }

  /** Gives it bytes, in one chunk each. */
  push(...chunks: readonly Uint8Array[]): this {
    for (const chunk of chunks) this.#reading.push(chunk);
    return this;
  }

  /** Sends messages to it, in one chunk each, as their sender would. */
  receive(...messages: readonly Uint8Array[]): this {
    return this.push(...messages.map((message) => framed(this.framing, [message])));
  }

  end(): this {
    this.#reading.end();
    return this;
  }

  read(): string | undefined {
    const message = this.#reading.read();
    return message && digitsOf(message);
  }

  /** Reads all there is, and consumes it. */
  drain(): string[] {
    const messages: string[] = [];
    for (let message = this.read(); message !== undefined; message = this.read()) {
      messages.push(message);
      this.machine.consumed?.();
    }
    return messages;
  }

  /** What it gives back, and ends. */
  rest(): string {
    return this.machine.rest().map(digitsOf).join('');
  }

  /** What it has said since the last look: that it wants to be asked, and the code of its fault. */
  since(): string {
    const said = Array.from({ length: this.#calls }, () => 'calls');
    const { fault } = this.#reading;
    if (fault && !this.#isTold) said.push(codeOf(fault.error));
    this.#isTold = fault !== undefined;
    this.#calls = 0;
    return said.join(' ');
  }
}
