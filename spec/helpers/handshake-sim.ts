import { tinyproto } from '../../src/framing/tinyproto.js';
import { newConversation } from '../../src/framing/tinyproto-conversation.js';
import { TinyprotoMachine } from '../../src/framing/tinyproto-machine.js';
import { rulesOf } from '../../src/framing/tinyproto-options.js';
import type { TinyprotoPort } from '../../src/framing/tinyproto-port.js';
import type { Frame } from '../../src/outbox/frame.js';
import { Dice } from './dice.js';

const EARLY = 64;
const SIZES = [0, 1, 2, 5, 63, 64, 65, 150, 200, 201, 400] as const;
const { encode } = tinyproto();

interface Sent {
  readonly bytes: Uint8Array;
  fate: 'waiting' | 'taken' | 'refused' | 'lost';
}

/** One end: a machine, its queue, and an application that sends, answers and closes when the dice say so. */
class End {
  readonly wire: number[] = [];
  readonly sent: Sent[] = [];
  readonly got: Uint8Array[] = [];
  readonly limit: number;
  readonly bound: number;
  readonly window: number;
  readonly machine: TinyprotoMachine;
  plan: number;
  closes: boolean;
  closed = false;
  ended = false;
  heardEnd = false;
  fault = '';
  readonly #talk = newConversation();
  readonly #replies: number;
  readonly #queue: Sent[] = [];
  readonly #open: Sent[] = [];
  #handled: Sent[] | undefined;
  #begun = 0;

  constructor(dice: Dice, replies: number) {
    const [slots, extraSlots] = [dice.pick([1, 2, 3]), dice.pick([1, 2, 4])];
    this.limit = dice.pick([64, 200]);
    this.window = dice.pick([1, 1, 2, 4]);
    this.bound = slots + extraSlots;
    this.plan = dice.below(8);
    this.closes = dice.below(3) === 0;
    this.#replies = replies;
    const rules = {
      ...rulesOf({ maxMessageBytes: this.limit }),
      slots,
      extraSlots,
      window: this.window,
      earlyBytes: EARLY,
    };
    this.machine = new TinyprotoMachine(rules, this.#port(), this.#talk);
    this.machine.start();
  }

  get load(): number {
    return this.#talk.inbox.length + (this.#handled ? 1 : 0);
  }

  get settled(): boolean {
    return this.#queue.length === 0 && this.#open.length === 0;
  }

  get mayTalk(): boolean {
    return this.#talk.life === 'open';
  }

  get canTake(): boolean {
    return this.#talk.inbox.length > 0 && !this.#handled;
  }

  get canFinish(): boolean {
    return this.#handled?.every((each) => each.fate !== 'waiting') ?? false;
  }

  send(bytes: Uint8Array): Sent {
    const sent: Sent = { bytes, fate: 'waiting' };
    this.sent.push(sent);
    this.#queue.push(sent);
    this.pump();
    return sent;
  }

  take(reply: () => Uint8Array): void {
    this.got.push(this.machine.read() as Uint8Array);
    this.#handled = [];
    for (let i = 0; i < this.#replies && this.mayTalk; i += 1) this.#handled.push(this.send(reply()));
  }

  finish(): void {
    this.#handled = undefined;
    this.machine.consumed();
    this.pump();
  }

  close(): void {
    this.closes = false;
    this.closed = true;
    this.#handled = undefined;
    this.machine.close();
    this.pump();
  }

  receive(chunk: Uint8Array): void {
    this.machine.receive(chunk);
    this.pump();
  }

  receiveEnd(): void {
    this.heardEnd = true;
    this.machine.receiveEnd();
    if (!this.ended)
      for (const sent of [...this.#open.splice(0), ...this.#queue.splice(0)]) sent.fate = 'lost';
    this.pump();
  }

  pump(): void {
    for (let next = this.#queue[0]; next && this.machine.canBegin(false); next = this.#queue[0]) {
      this.#queue.shift();
      this.#open.push(next);
      this.#begin(encode(next.bytes));
    }
    if (this.#queue.length === 0 && !this.ended) this.ended = this.machine.tryEnd();
  }

  /** As a connection does, which writes a frame itself where the machine says that it would do no more; but only every other time. */
  #begin(frame: Frame): void {
    this.#begun += 1;
    if (this.#begun % 2 === 0 && this.machine.follow(frame)) this.wire.push(...frame.head, ...frame.body);
    else this.machine.begin(frame);
  }

  #port(): TinyprotoPort {
    const ignore = () => {};
    return {
      write: (bytes) => this.wire.push(...bytes),
      outcome: (of) => {
        const sent = this.#open.shift();
        if (!sent) throw new Error('an outcome of nothing');
        sent.fate = of;
      },
      fail: (error) => {
        this.fault = error.code;
      },
      opened: ignore,
      await: ignore,
      settle: ignore,
    };
  }
}

/** What a run has shown. */
export interface Tally {
  readonly messages: number;
  readonly closed: boolean;
}

/**
 * Lets two ends talk, with real bytes, random sizes and random cuts, until nothing is left to do; then everything must be delivered, exactly and in order,
 * and settled. Every run of the same seed is the same.
 */
export function converse(seed: number): Tally {
  const dice = new Dice(seed);
  const replies = dice.pick([0, 0, 1, 2]);
  const first = dice.below(2);
  const ends = [new End(dice, first ? replies : 0), new End(dice, first ? 0 : replies)] as const;
  for (let act = pickAct(dice, ends); act; act = pickAct(dice, ends)) {
    act();
    checkNow(ends);
  }
  return checkAtTheEnd(ends);
}

type Ends = readonly [End, End];

/** Something that can happen now, or undefined when nothing can. */
function pickAct(dice: Dice, ends: Ends): (() => void) | undefined {
  const acts = ends.flatMap((end, side) => actsOf(dice, end, ends[1 - side] as End));
  return acts.length > 0 ? dice.pick(acts) : undefined;
}

function actsOf(dice: Dice, end: End, peer: End): (() => void)[] {
  const acts: (() => void)[] = [];
  if (end.plan > 0 && end.mayTalk) {
    acts.push(() => {
      end.plan -= 1;
      end.send(message(dice, dice.pick(SIZES), peer.limit));
    });
  }
  if (end.canTake) acts.push(() => end.take(() => message(dice, dice.pick([0, 1, 64, 65]), peer.limit)));
  if (end.canFinish) acts.push(() => end.finish());
  if (end.plan === 0 && end.closes && end.mayTalk) acts.push(() => end.close());
  if (peer.wire.length > 0)
    acts.push(() => end.receive(Uint8Array.from(peer.wire.splice(0, dice.pick([1, 1, 2, 3, 7, 1_000_000])))));
  else if (peer.ended && !end.heardEnd) acts.push(() => end.receiveEnd());
  return acts;
}

/** Bytes that look like answers, like headers, or like anything. A small message above the limit would rightly end the connection. */
function message(dice: Dice, wanted: number, limit: number): Uint8Array {
  const size = wanted <= EARLY ? Math.min(wanted, limit) : wanted;
  const fill = dice.pick([0xff, 0x00, -1]);
  return Uint8Array.from({ length: size }, () => (fill < 0 ? dice.below(256) : fill));
}

function checkNow(ends: Ends): void {
  ends.forEach((end, side) => {
    const peer = ends[1 - side] as End;
    if (end.fault) throw new Error(`side ${side}: ${end.fault}`);
    if (end.load > end.bound + peer.window) throw new Error(`side ${side}: ${end.load} messages unconsumed`);
  });
}

function checkAtTheEnd(ends: Ends): Tally {
  ends.forEach((end, side) => {
    const peer = ends[1 - side] as End;
    const taken = end.sent.filter((sent) => sent.bytes.length <= peer.limit);
    const cut = end.closed || peer.closed;
    const expected = cut ? taken.slice(0, peer.got.length) : taken;
    if (String(peer.got) !== String(expected.map((sent) => sent.bytes)))
      throw new Error(`side ${side}: not delivered as sent`);
    for (const { bytes, fate } of end.sent) checkFate(fate, bytes.length > peer.limit, cut);
    if (!end.settled) throw new Error(`side ${side}: sends without an outcome`);
    if (cut && !(end.ended && end.heardEnd)) throw new Error(`side ${side}: not ended`);
  });
  return { messages: ends[0].got.length + ends[1].got.length, closed: ends.some((end) => end.closed) };
}

function checkFate(fate: Sent['fate'], over: boolean, cut: boolean): void {
  const expected = over ? 'refused' : 'taken';
  if (fate !== expected && !(cut && fate === 'lost')) throw new Error(`${fate}, and not ${expected}`);
}
