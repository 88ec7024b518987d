import { expect } from 'vitest';
import type { Framing, StreamingMachine, StreamingPort, Wait } from '../../src/framing/framing.js';
import type { Frame } from '../../src/outbox/frame.js';
import { Dice } from './dice.js';
import { silent } from './silent-port.js';

/** One end of a talk of two: what it has to send, and what it has got. Bytes go into `out`, and from there in any chunks to the other. */
class End {
  readonly out: number[] = [];
  readonly got: number[][] = [];
  readonly outcomes: string[] = [];
  readonly waits = new Set<Wait>();
  readonly machine: StreamingMachine;
  readonly #sends: Frame[] = [];
  readonly #bodies: Uint8Array[] = [];
  #begun = 0;
  #unconsumed = 0;
  #open: { missing: number; bytes: number[] } | undefined;
  /** What is left of a body of ours that is on its way. */
  #writing: Uint8Array | undefined;

  constructor(
    open: (port: StreamingPort) => StreamingMachine,
    framing: Framing,
    private readonly dice: Dice,
    messages: readonly Uint8Array[],
    asBodies: boolean,
  ) {
    this.machine = open({
      ...silent,
      out: {
        write: (bytes) => void this.out.push(...bytes),
        outcome: (of) => this.outcomes.push(of),
      },
      writeBody: () => {
        this.#writing = this.#bodies[this.#begun - 1];
      },
      fail: (error) => {
        throw error;
      },
      await: (wait, ms) => (ms === undefined ? this.waits.delete(wait) : this.waits.add(wait)),
    });
    for (const message of messages) {
      const frame = asBodies && message.length > 0 ? framing.streams?.encode(message.length) : undefined;
      this.#sends.push(frame ?? framing.encode(message));
      this.#bodies.push(message);
    }
  }

  /** Does one thing that may be done now, if there is one. */
  step(): boolean {
    const deeds = [() => this.#begin(), () => this.#write(), () => this.#read(), () => this.#consume()];
    for (let tries = 0; tries < 6; tries += 1) if (this.dice.pick(deeds)()) return true;
    return deeds.some((deed) => deed());
  }

  #begin(): boolean {
    const frame = this.#sends[this.#begun];
    if (frame === undefined || !this.machine.talk.canBegin(false)) return false;
    this.#begun += 1;
    this.machine.talk.begin(frame);
    return true;
  }

  #write(): boolean {
    if (this.#writing === undefined) return false;
    expect(this.machine.talk.midFrame).toBe(true);
    const bytes = 1 + this.dice.below(this.#writing.length);
    this.out.push(...this.#writing.subarray(0, bytes));
    this.#writing = this.#writing.subarray(bytes);
    if (this.#writing.length > 0) return true;
    this.#writing = undefined;
    this.machine.bodyWritten();
    return true;
  }

  #read(): boolean {
    if (this.#open) return this.#readPart(this.#open);
    const whole = this.machine.read();
    if (whole) {
      this.got.push([...whole]);
      this.#unconsumed += 1;
      return true;
    }
    const missing = this.machine.readHead();
    if (missing !== undefined) this.#open = { missing, bytes: [] };
    return missing !== undefined;
  }

  #readPart(open: { missing: number; bytes: number[] }): boolean {
    const part = this.machine.readPart();
    if (part === undefined) return false;
    open.bytes.push(...part);
    open.missing -= part.length;
    if (open.missing > 0) return true;
    this.#open = undefined;
    this.got.push(open.bytes);
    this.#unconsumed += 1;
    return true;
  }

  #consume(): boolean {
    if (this.#unconsumed === 0) return false;
    this.#unconsumed -= 1;
    this.machine.consumed?.();
    return true;
  }
}

/** Two ends talk, in any order and any cuts, until nothing can happen any more. */
export function talkInParts(
  framing: Framing,
  open: (port: StreamingPort) => StreamingMachine,
  seed: number,
  sizes: readonly [readonly number[], readonly number[]],
): void {
  const dice = new Dice(seed);
  // Bytes that look like answers, and like headers.
  const message = (size: number) => Uint8Array.from({ length: size }, () => dice.pick([0, 0, 1, 0xfd, 0xff]));
  const messages = sizes.map((side) => side.map(message)) as [Uint8Array[], Uint8Array[]];
  const ends = [0, 1].map(
    (side) => new End(open, framing, dice, messages[side] as Uint8Array[], dice.below(4) > 0),
  ) as [End, End];
  for (const { machine } of ends) machine.talk.start();
  const arrive = (from: End, to: End) => {
    if (from.out.length === 0) return false;
    to.machine.push(Uint8Array.from(from.out.splice(0, 1 + dice.below(from.out.length))));
    return true;
  };
  const [a, b] = ends;
  const deeds = [() => a.step(), () => b.step(), () => arrive(a, b), () => arrive(b, a)];
  for (let idle = 0; idle < 40; ) idle = dice.pick(deeds)() ? 0 : idle + 1;
  while (deeds.some((deed) => deed()));
  for (const side of [0, 1] as const) {
    expect(ends[1 - side]?.got).toEqual(messages[side].map((one) => [...one]));
    expect(ends[side].outcomes).toEqual(messages[side].map(() => 'taken'));
    expect(ends[side].machine.unreadBytes).toBe(0);
    expect(ends[side].machine.talk.midFrame).toBe(false);
    expect([...ends[side].waits]).toEqual([]);
  }
}
