import type { Framing, FramingMachine, Wait } from '../framing/framing.js';
import { hexOf } from './bytes.js';
import { framed } from './every-split.js';

/** Bytes as the bench writes them down: no blanks between the digits. */
export const digitsOf = (bytes: Uint8Array): string => hexOf(bytes).replaceAll(' ', '');

/** A machine on the bench: what it does to its surroundings is written down, in order. */
export class Bench {
  readonly log: string[] = [];
  readonly machine: FramingMachine;

  constructor(readonly framing: Framing) {
    this.machine = framing.open({
      write: (bytes, last) => this.log.push(digitsOf(bytes) + (last ? '.' : '')),
      opened: () => this.log.push('opened'),
      outcome: (of) => this.log.push(of),
      fail: (error, { reset }) => this.log.push(`${error.code}${reset ? ' by reset' : ''}`),
      await: (wait: Wait) => this.log.push(`awaits ${wait}`),
      settle: () => {},
    });
  }

  /** A machine that has started, its log empty. */
  static open(framing: Framing): Bench {
    const bench = new Bench(framing);
    bench.machine.start();
    bench.log.length = 0;
    return bench;
  }

  /** What has happened since the last look. */
  since(): string {
    return this.log.splice(0).join(' ');
  }

  /** Sends messages to it, in one chunk each, as their sender would. */
  receive(...messages: readonly Uint8Array[]): this {
    for (const message of messages) this.machine.receive(framed(this.framing, [message]));
    return this;
  }

  read(): string | undefined {
    const message = this.machine.read();
    return message && digitsOf(message);
  }

  /** Reads all there is, and consumes it. */
  drain(): string[] {
    const messages: string[] = [];
    for (let message = this.read(); message !== undefined; message = this.read()) {
      messages.push(message);
      this.machine.consumed();
    }
    return messages;
  }
}
