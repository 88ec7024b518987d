import { expect } from 'vitest';
import { type TinyprotoOptions, tinyproto } from '../../src/framing/tinyproto.js';
import { newConversation } from '../../src/framing/tinyproto-conversation.js';
import { TinyprotoMachine } from '../../src/framing/tinyproto-machine.js';
import { type Rules, rulesOf } from '../../src/framing/tinyproto-options.js';
import type { TinyprotoPort, TinyprotoWait } from '../../src/framing/tinyproto-port.js';
import type { Frame } from '../../src/outbox/frame.js';

/** Cuts the bytes of one arrival into the chunks in which the machine gets them. */
export type Cut = (bytes: Uint8Array) => readonly Uint8Array[];

export const whole: Cut = (bytes) => [bytes];
export const byteByByte: Cut = (bytes) => Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
export const cutAt =
  (at: number): Cut =>
  (bytes) => [bytes.subarray(0, at), bytes.subarray(at)];

/** Runs a fact with whole chunks, byte by byte, and cut in two at every place (empty halves included). */
export function inEveryCut(fact: (cut: Cut) => void): () => void {
  return () => {
    fact(whole);
    fact(byteByByte);
    for (let at = 0; at <= 24; at += 1) fact(cutAt(at));
  };
}

/** `'00000002 6869'` as bytes. */
export const hex = (text: string): Uint8Array =>
  Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

/** A conversation with the machine, and all that it does to its surroundings, in order. */
export class Talk {
  readonly log: string[] = [];
  readonly waits = new Map<TinyprotoWait, number>();
  /** How often the port was told of a wait: what a hot path must not do. */
  armed = 0;
  readonly machine: TinyprotoMachine;
  readonly #cut: Cut;
  readonly #encode: (message: Uint8Array) => Frame;

  constructor(options: TinyprotoOptions = {}, cut: Cut = whole, inner: Partial<Rules> = {}) {
    this.#cut = cut;
    this.#encode = tinyproto(options).encode;
    this.machine = new TinyprotoMachine({ ...rulesOf(options), ...inner }, this.#port(), newConversation());
  }

  /** Both opening bytes have passed; in half duplex it has been silent since. */
  static open(options: TinyprotoOptions = {}, cut: Cut = whole, inner: Partial<Rules> = {}): Talk {
    const talk = new Talk(options, cut, inner);
    talk.machine.start();
    talk.machine.receive(Uint8Array.of(0xff));
    talk.quiet();
    talk.log.length = 0;
    talk.armed = 0;
    return talk;
  }

  receive(text: string): this {
    for (const chunk of this.#cut(hex(text))) this.machine.receive(chunk.slice());
    return this;
  }

  /** Begins a frame, which must be allowed. */
  begin(text: string): this {
    expect(this.machine.canBegin(false)).toBe(true);
    this.machine.begin(this.#encode(hex(text)));
    return this;
  }

  read(): string | undefined {
    const message = this.machine.read();
    return message && Buffer.from(message).toString('hex');
  }

  /** Reads all there is and consumes it. */
  drain(): string[] {
    const messages: string[] = [];
    for (let message = this.read(); message !== undefined; message = this.read()) {
      messages.push(message);
      this.machine.consumed();
    }
    return messages;
  }

  /** `ms` of silence, where the machine waits for it. */
  quiet(): this {
    if (this.waits.has('quiet')) this.machine.expired('quiet');
    return this;
  }

  /** What has happened since the last look. */
  since(): string {
    return this.log.splice(0).join(' ');
  }

  #port(): TinyprotoPort {
    return {
      write: (bytes, last) => this.log.push(Buffer.from(bytes).toString('hex') + (last ? '.' : '')),
      opened: () => this.log.push('opened'),
      outcome: (of) => this.log.push(of),
      fail: (error, { reset }) => this.log.push(`${error.code}${reset ? ' by reset' : ''}`),
      await: (wait, ms) => {
        this.armed += 1;
        this.waits.set(wait, ms);
      },
      settle: (wait) => {
        this.waits.delete(wait);
      },
    };
  }
}
