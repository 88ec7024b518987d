import { type TinyprotoOptions, tinyproto } from '../../src/framing/tinyproto.js';
import { newConversation } from '../../src/framing/tinyproto-conversation.js';
import { TinyprotoMachine } from '../../src/framing/tinyproto-machine.js';
import { rulesOf } from '../../src/framing/tinyproto-options.js';
import type { TinyprotoPort } from '../../src/framing/tinyproto-port.js';
import { Dice } from './dice.js';

/**
 * The Python original, as its source reads: one thread that sends a message and waits for `ff`, or waits for a header, answers `ff` and reads the payload.
 * While it waits for one thing it can take nothing else.
 */
class Original {
  readonly wire: number[] = [];
  readonly inbound: number[] = [];
  readonly got: number[][] = [];
  dead = false;
  readonly #script: (number[] | 'read')[];
  #waitsFor: 'opening' | 'answer' | 'header' | 'payload' | 'nothing' = 'opening';
  #body: readonly number[] = [];
  #size = 0;

  constructor(script: (number[] | 'read')[]) {
    this.#script = script;
    this.wire.push(0xff);
  }

  /** Whether it can go on now, without another byte of ours. */
  get canStep(): boolean {
    if (this.dead) return false;
    const needs = { opening: 1, answer: 1, header: 4, payload: this.#size, nothing: 0 }[this.#waitsFor];
    return this.#waitsFor === 'nothing' ? this.#script.length > 0 : this.inbound.length >= needs;
  }

  step(): void {
    if (this.#waitsFor === 'opening') this.#opened();
    else if (this.#waitsFor === 'answer') this.#answered();
    else if (this.#waitsFor === 'header') this.#announced();
    else if (this.#waitsFor === 'payload') this.#read();
    else this.#next();
  }

  #next(): void {
    const act = this.#script.shift() as number[] | 'read';
    if (act === 'read') {
      this.#waitsFor = 'header';
      return;
    }
    this.#body = act;
    this.wire.push(0, 0, act.length >> 8, act.length & 0xff);
    this.#waitsFor = 'answer';
  }

  #opened(): void {
    if (this.inbound.shift() !== 0xff) this.dead = true;
    this.#waitsFor = 'nothing';
  }

  #answered(): void {
    if (this.inbound.shift() !== 0xff) this.dead = true;
    else this.wire.push(...this.#body);
    this.#waitsFor = 'nothing';
  }

  #announced(): void {
    this.#size = this.inbound.splice(0, 4).reduce((size, byte) => size * 256 + byte, 0);
    this.wire.push(0xff);
    this.#waitsFor = 'payload';
  }

  #read(): void {
    this.got.push(this.inbound.splice(0, this.#size));
    this.#waitsFor = 'nothing';
  }
}

export interface Meeting {
  readonly sent: readonly (readonly number[])[];
  readonly back: readonly (readonly number[])[];
  readonly fault: string;
  readonly dead: boolean;
}

/**
 * A burst of the original's messages against an echo of ours, cut at random; it reads the answers when all of its own are out.
 * `patient`: quiet is told of only when it is quiet, as a clock would; else at any time, so that headers may cross.
 */
export function burst(options: TinyprotoOptions, seed: number, patient: boolean): Meeting {
  const dice = new Dice(seed);
  const sent = Array.from({ length: 1 + dice.below(10) }, () =>
    Array.from({ length: dice.pick([0, 1, 5, 300]) }, () => dice.pick([0x00, 0xff, 0x61])),
  );
  const original = new Original([...sent.map((body) => [...body]), ...sent.map(() => 'read' as const)]);
  const echo = new Echo(options, original.inbound);
  for (;;) {
    const acts: (() => void)[] = [];
    if (original.canStep) acts.push(() => original.step());
    if (original.wire.length > 0)
      acts.push(() => echo.receive(original.wire.splice(0, dice.pick([1, 2, 3, 1_000]))));
    const silent = acts.length === 0;
    if (echo.waitsForQuiet && (silent || !patient)) acts.push(() => echo.quiet());
    if (acts.length === 0 || echo.fault) break;
    dice.pick(acts)();
  }
  return { sent, back: original.got, fault: echo.fault, dead: original.dead };
}

/** Our end: each message is answered with itself, as soon as the framing lets a frame begin. */
class Echo {
  fault = '';
  waitsForQuiet = false;
  readonly #framing;
  readonly #machine;
  readonly #queue: Uint8Array[] = [];

  constructor(options: TinyprotoOptions, wire: number[]) {
    this.#framing = tinyproto(options);
    this.#machine = new TinyprotoMachine(rulesOf(options), this.#port(wire), newConversation());
    this.#machine.start();
  }

  receive(bytes: readonly number[]): void {
    this.#machine.receive(Uint8Array.from(bytes));
    for (let message = this.#machine.read(); message; message = this.#machine.read()) {
      this.#queue.push(message);
      this.#machine.consumed();
    }
    this.#pump();
  }

  quiet(): void {
    this.waitsForQuiet = false;
    this.#machine.expired('quiet');
    this.#pump();
  }

  #pump(): void {
    for (let next = this.#queue[0]; next && this.#machine.canBegin(false); next = this.#queue[0]) {
      this.#queue.shift();
      this.#machine.begin(this.#framing.encode(next));
    }
  }

  #port(wire: number[]): TinyprotoPort {
    const ignore = () => {};
    return {
      write: (bytes) => wire.push(...bytes),
      fail: (error) => {
        this.fault = error.code;
      },
      await: (wait) => {
        if (wait === 'quiet') this.waitsForQuiet = true;
      },
      settle: ignore,
      opened: ignore,
      outcome: ignore,
    };
  }
}
