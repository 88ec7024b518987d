import type { Framing, FramingMachine, FramingPort } from './framing.js';

/**
 * The bytes of one direction on their way through a machine, as a connection reads them: what is here before the end is told, and nothing behind a fault.
 *
 * There is no road behind it.
 */
export class Reading {
  /** What has become wrong. */
  fault: { readonly error: unknown } | undefined;
  readonly machine: FramingMachine;
  #end: 'not-yet' | 'come' | 'told' = 'not-yet';

  constructor(framing: Framing, port: Partial<FramingPort> = {}) {
    const fail = (error: unknown) => {
      this.fault ??= { error };
    };
    this.machine = framing.open({ ...roadless, fail, ...port });
    this.machine.talk?.start();
  }

  push(chunk: Uint8Array): void {
    if (!this.fault && chunk.length > 0) this.machine.push(chunk);
  }

  /** The bytes end here. */
  end(): void {
    this.#end = 'come';
    if (!this.fault) this.machine.talk?.receiveEnd();
  }

  /** The next message, if it is here. */
  read(): Uint8Array | undefined {
    try {
      return this.#next();
    } catch (error) {
      this.fault ??= { error };
      return undefined;
    }
  }

  #next(): Uint8Array | undefined {
    const isOver = this.fault && !this.machine.talk;
    const message = isOver ? undefined : this.machine.read();
    if (message || isOver || this.#end !== 'come') return message;
    this.#end = 'told';
    this.machine.end();
    return this.machine.read();
  }
}

/** The surroundings of a machine of which only its messages matter. */
export const roadless: FramingPort = {
  settings: { messageTimeoutMs: Number.POSITIVE_INFINITY },
  traffic: { bytesIn: 0, messagesIn: 0 },
  held: 0,
  out: { write() {}, outcome() {} },
  ready() {},
  fail() {},
  await() {},
  turn() {},
};
