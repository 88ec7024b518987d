import type { ProtocolErrorCode } from '../errors.js';
import { ProtocolError } from '../errors.js';
import type { Frame, FramingMachine, FramingPort, Wait } from './framing.js';
import type { Conversation } from './tinyproto-conversation.js';
import { REFUSAL } from './tinyproto-conversation.js';
import type { Rules } from './tinyproto-options.js';
import { MOST_UNANSWERED } from './tinyproto-options.js';
import type { Action, LifeEvent, OursEvent, Step, TheirsEvent } from './tinyproto-states.js';
import { life, oursInFullDuplex, oursInHalfDuplex, theirs } from './tinyproto-states.js';
import { EXPIRED, watch } from './tinyproto-waits.js';

const OK = Uint8Array.of(0xff);
const REFUSED = Uint8Array.of(0xfd);

/** Whatever begins with this or more is a signal, whatever begins with less is a header. */
const FIRST_SIGNAL = 0xf1;

const OPENING: { readonly [byte: number]: LifeEvent } = {
  255: 'ok',
  254: 'full',
  253: 'conflict',
  0: 'error',
};

/**
 * tinyproto's tables at work: reads events out of the bytes, and does what the tables say.
 *
 * What comes is understood at once and not on demand, because the answers to our own frames stand between the messages; how far that goes is bounded by
 * the credit (`#mayAnswer`). The methods that an `Action` names are not for callers.
 */
export class TinyprotoMachine implements FramingMachine {
  readonly pausable = false;
  readonly #rules: Rules;
  readonly #port: FramingPort;
  readonly #s: Conversation;
  readonly #ours: typeof oursInFullDuplex;

  constructor(rules: Rules, port: FramingPort, conversation: Conversation) {
    this.#rules = rules;
    this.#port = port;
    this.#s = conversation;
    this.#ours = rules.half ? oursInHalfDuplex : oursInFullDuplex;
  }

  get unreadBytes(): number {
    return this.#s.bytes.length + this.#s.inboxBytes;
  }

  get midFrame(): boolean {
    return this.#s.asked !== undefined;
  }

  get dropped(): { readonly messages: number; readonly bytes: number } {
    return { messages: this.#s.droppedMessages, bytes: this.#s.droppedBytes };
  }

  // What the caller does ----------------------------------------------------------------------------------------------

  start(): void {
    this.#onLife('start');
    this.#watch();
  }

  receive(chunk: Uint8Array): void {
    const s = this.#s;
    if (chunk.length === 0 || s.life === 'over') return;
    s.bytes.push(chunk);
    s.chunks += 1;
    s.quiet = false;
    if (s.life === 'ended') this.#dropBytes(chunk.length);
    else this.#understand();
    this.#watch();
  }

  receiveEnd(): void {
    if (this.#isTalking()) this.#onTheirs('theirEnd');
    if (this.#isTalking()) this.#onOurs('theirEnd');
    this.#onLife('theirEnd');
    this.#watch();
  }

  read(): Uint8Array | undefined {
    const s = this.#s;
    const message = s.inbox.shift();
    if (message === undefined) return undefined;
    s.inboxBytes -= message.length;
    s.handed.push(message.length);
    return message;
  }

  consumed(): void {
    const s = this.#s;
    s.consumptions += 1;
    s.unconsumedBytes -= s.handed.shift() ?? 0;
    // None is left after `close`, which dropped the account with the messages.
    if (s.granted > 0) s.granted -= 1;
    this.answer();
    this.#watch();
  }

  canBegin(stream: boolean): boolean {
    const s = this.#s;
    if (!this.#isTalking() || s.ours === 'asking' || s.unanswered >= this.#rules.window) return false;
    // Talking into a frame of the Python original's is fatal, so ours waits until all is silent.
    if (this.#rules.half) return s.theirs === 'between' && s.owed.length === 0 && this.#isQuiet();
    // Without this gate, streams and answers on both sides fill both inboxes and stick.
    const full = s.owed.length > 0 || s.granted >= this.#rules.slots;
    return !(stream && full && s.life === 'open');
  }

  begin(frame: Frame): void {
    const s = this.#s;
    // Every answer that we may give goes first: what is answered cannot tie.
    this.#answer(true);
    const tied = s.owed.length > 0;
    if (tied) {
      s.due = true;
      this.#onTheirs('tie');
    }
    const size = frame.body.length;
    const early = this.#rules.window > 1 && size <= this.#rules.earlyBytes;
    s.unanswered += 1;
    s.asked = frame;
    this.#onOurs(tied || early || size === 0 ? 'tell' : 'ask');
    this.#watch();
  }

  close(): void {
    this.#onLife('close');
    this.#understand();
    this.#watch();
  }

  tryEnd(): boolean {
    const s = this.#s;
    if (s.life === 'ended') return true;
    const drained = s.life === 'closing' || (s.life === 'left' && s.inbox.length === 0 && s.granted === 0);
    // The half header must show first what it is: a frame that is here whole is answered before FIN.
    if (!drained || s.unanswered > 0 || s.theirs === 'header') return false;
    this.#onLife('end');
    this.#watch();
    return true;
  }

  expired(wait: Wait): void {
    if (this.#s.armed[wait] === 0) return;
    if (wait === 'quiet') this.#s.quiet = true;
    else this.#fail(EXPIRED[wait]);
  }

  release(): Uint8Array {
    const rest = this.#s.bytes.takeAll();
    this.#onLife('over');
    this.#watch();
    return rest;
  }

  // What the bytes say ------------------------------------------------------------------------------------------------

  #understand(): void {
    while (this.#next());
  }

  /** One event out of the bytes, if they have one. */
  #next(): boolean {
    const s = this.#s;
    if (s.life === 'opening') return this.#opening();
    if (!this.#isTalking()) return false;
    if (s.theirs === 'payload') return this.#payload();
    if (s.theirs === 'dropped' || s.theirs === 'skipped') return this.#unwanted();
    return this.#boundary();
  }

  #opening(): boolean {
    const { bytes } = this.#s;
    if (bytes.length === 0) return false;
    const byte = bytes.peek(0);
    bytes.skip(1);
    this.#onLife(OPENING[byte] ?? 'foreign');
    return true;
  }

  #boundary(): boolean {
    const s = this.#s;
    if (s.bytes.length === 0) return false;
    if (s.theirs !== 'header') {
      const first = s.bytes.peek(0);
      if (first >= FIRST_SIGNAL) return this.#signal(first);
      this.#onTheirs('begins');
    }
    if (s.bytes.length < 4) return false;
    this.#header(s.bytes.uint32());
    return true;
  }

  #signal(byte: number): boolean {
    const s = this.#s;
    s.bytes.skip(1);
    const others = s.unanswered > 1;
    if (byte === 0xff) this.#onOurs(others ? 'okEarlier' : 'ok');
    else if (byte === 0xfd) this.#onOurs(others ? 'refusalEarlier' : 'refusal');
    else this.#onOurs('otherSignal');
    return true;
  }

  #header(size: number): void {
    const s = this.#s;
    const tied = s.unanswered > 0;
    s.headers += 1;
    s.size = size;
    s.missing = size;
    s.due = tied;
    this.#onOurs('theirHeader');
    if (this.#isTalking()) this.#onTheirs(this.#kindOf(size, tied));
  }

  #kindOf(size: number, tied: boolean): TheirsEvent {
    const s = this.#s;
    if (s.owed.length >= MOST_UNANSWERED) return 'oneTooMany';
    if (size > this.#rules.maxMessageBytes) {
      if (tied) return 'tooLargeTied';
      return size > this.#rules.earlyBytes ? 'tooLarge' : 'tooLargeAndMaybeHere';
    }
    if (this.#rules.half && this.#isOverflownBy(size)) return 'overflow';
    if (size === 0) return 'empty';
    return s.life === 'open' ? 'message' : 'unwanted';
  }

  #payload(): boolean {
    const s = this.#s;
    if (s.bytes.length === 0) return false;
    s.due = true;
    if (this.#isOverrun()) this.#onTheirs('overflow');
    if (s.life === 'over' || s.bytes.length < s.size) return false;
    this.#onTheirs('whole');
    return true;
  }

  /** Payloads that nobody wants are dropped as they come: they cost no memory. */
  #unwanted(): boolean {
    const s = this.#s;
    const here = Math.min(s.missing, s.bytes.length);
    if (here > 0) s.due = true;
    s.missing -= here;
    if (s.theirs === 'dropped') this.#dropBytes(here);
    else s.bytes.skip(here);
    if (s.missing > 0) return false;
    this.#onTheirs('whole');
    return true;
  }

  // What the tables ask for -------------------------------------------------------------------------------------------

  #onLife(event: LifeEvent): void {
    const step = life[this.#s.life][event];
    if (!step) return;
    this.#s.life = step.next;
    this.#do(step);
  }

  #onOurs(event: OursEvent): void {
    const step = this.#ours[this.#s.ours][event];
    if (!step) throw new Error(`no ${event} while ${this.#s.ours}`);
    this.#s.ours = step.next;
    this.#do(step);
  }

  #onTheirs(event: TheirsEvent): void {
    const step = theirs[this.#s.theirs][event];
    if (!step) throw new Error(`no ${event} while ${this.#s.theirs}`);
    this.#s.theirs = step.next;
    this.#do(step);
  }

  #do(step: Step<string>): void {
    if (step.do) for (const action of step.do) this[action satisfies Action]();
    if (step.fail) this.#fail(step.fail);
  }

  writeOpening(): void {
    this.#port.write(OK, false);
  }

  announce(): void {
    this.#port.opened();
  }

  writeHeader(): void {
    const frame = this.#asked();
    const whole = frame.body.length === 0;
    if (whole) this.#s.asked = undefined;
    this.#port.write(frame.head, whole);
  }

  writePayload(): void {
    const frame = this.#s.asked;
    // An empty message is whole with its header.
    if (!frame) return;
    this.#s.asked = undefined;
    this.#port.write(frame.body, true);
  }

  taken(): void {
    this.#answered('taken');
  }

  refused(): void {
    this.#answered('refused');
  }

  forget(): void {
    this.#s.unanswered = 0;
    this.#s.asked = undefined;
  }

  oweOk(): void {
    this.#s.owed.push(this.#s.size);
    this.#s.unconsumedBytes += this.#s.size;
  }

  oweRefusal(): void {
    this.#s.owed.push(REFUSAL);
  }

  answer(): void {
    this.#answer(false);
  }

  answerAll(): void {
    for (const debt of this.#s.owed.splice(0)) this.#port.write(debt === REFUSAL ? REFUSED : OK, false);
  }

  /** The frame that is still coming stays unanswered: its sender shall know that it was not taken. */
  answerWhole(): void {
    const s = this.#s;
    const inside = s.theirs === 'payload' || s.theirs === 'dropped' || s.theirs === 'skipped';
    if (inside) s.owed.pop();
    this.answerAll();
    this.#dropBytes(s.bytes.length);
  }

  deliver(): void {
    const s = this.#s;
    if (s.life !== 'open') {
      s.droppedMessages += 1;
      return;
    }
    s.inbox.push(s.bytes.take(s.size));
    s.inboxBytes += s.size;
  }

  dropUnread(): void {
    const s = this.#s;
    s.droppedMessages += s.inbox.length;
    s.droppedBytes += s.inboxBytes;
    s.inbox.length = 0;
    s.inboxBytes = 0;
    s.handed.length = 0;
    s.unconsumedBytes = 0;
    s.granted = 0;
    this.#onTheirs('close');
  }

  // The rules between them --------------------------------------------------------------------------------------------

  /**
   * Gives what answers may be given now, oldest first. `starting`: a frame of ours is about to begin. While a header of ours is open nothing is owed, and so
   * nothing is written: a header of theirs would have tied it.
   */
  #answer(starting: boolean): void {
    const s = this.#s;
    while (s.owed.length > 0 && this.#mayAnswer(starting)) {
      const debt = s.owed.shift();
      if (debt !== REFUSAL && s.life !== 'closing') s.granted += 1;
      this.#port.write(debt === REFUSAL ? REFUSED : OK, false);
    }
    if (s.owed.length > 0) return;
    s.due = true;
    if (s.theirs === 'refused') this.#onTheirs('refusalOut');
  }

  /**
   * Credit: `slots` messages may be granted and not consumed, and `extraSlots` more while a frame of ours waits for its own answer, since otherwise two sides
   * that answer from inside their handlers would wait for each other. While closing nothing is kept, so everything is granted that our flush may wait for.
   */
  #mayAnswer(starting: boolean): boolean {
    const s = this.#s;
    if (s.life === 'over' || s.life === 'ended') return false;
    if (s.owed[0] === REFUSAL) return true;
    const sending = starting || s.unanswered > 0;
    if (s.life === 'closing') return sending || this.#rules.half;
    return s.granted < this.#rules.slots + (sending ? this.#rules.extraSlots : 0);
  }

  /** Half duplex takes everything at once, up to a bound. */
  #isOverflownBy(size: number): boolean {
    const s = this.#s;
    const unconsumed = s.granted + s.owed.length;
    if (unconsumed === 0 || s.life !== 'open') return false;
    const tooMany = unconsumed >= this.#rules.maxUnconsumedMessages;
    return tooMany || s.unconsumedBytes + size > this.#rules.maxUnconsumedBytes;
  }

  /** Full duplex: what ties and early frames bring beyond the credit is bounded in bytes, but for a single message. */
  #isOverrun(): boolean {
    const { owed, size } = this.#s;
    if (owed.length < 2) return false;
    const ungranted = owed.reduce((sum, debt) => sum + Math.max(debt, 0), 0);
    return ungranted > size && ungranted > this.#rules.maxUnconsumedBytes;
  }

  #answered(outcome: 'taken' | 'refused'): void {
    const s = this.#s;
    s.unanswered -= 1;
    s.answered += 1;
    if (s.ours !== 'asking') s.asked = undefined;
    this.#port.outcome(outcome);
  }

  #asked(): Frame {
    const frame = this.#s.asked;
    if (!frame) throw new Error('no frame of ours is open');
    return frame;
  }

  #dropBytes(count: number): void {
    this.#s.bytes.skip(count);
    this.#s.droppedBytes += count;
  }

  #isTalking(): boolean {
    return this.#s.life === 'open' || this.#s.life === 'closing';
  }

  #isQuiet(): boolean {
    return this.#s.quiet || this.#rules.quietMs === 0;
  }

  #watch(): void {
    watch(this.#s, this.#rules, this.#port);
  }

  #fail(code: keyof typeof REASONS): void {
    const reset = this.midFrame || code === 'collision';
    this.#onLife('over');
    this.#s.bytes.skip(this.#s.bytes.length);
    this.#watch();
    this.#port.fail(new ProtocolError(code, REASONS[code]), { reset });
  }
}

const REASONS = {
  'bad-opening': 'the peer does not speak tinyproto',
  'opening-refused': 'the peer refused the connection',
  'connection-limit': 'the peer has as many connections as it allows',
  conflict: 'the peer refused the connection as a conflict',
  'cut-short': 'the bytes stopped inside a message, or before the opening byte',
  collision: 'a header of the peer crossed with one of ours in half duplex',
  'unexpected-signal': 'a signal stood where none may stand',
  'unexpected-answer': 'an answer came that nothing had asked for',
  'too-many-unanswered': 'more than 64 frames of the peer are unanswered',
  'message-too-large': 'the peer began a message that is too large and cannot be skipped',
  'inbox-overflow': 'the peer sent more than the inbox must take',
  'opening-timeout': 'the opening byte did not come in time',
  'header-timeout': 'the rest of a header did not come in time',
  'payload-timeout': 'a payload came too slowly',
  'ok-timeout': 'a header of ours was not answered in time',
  'mutual-hold': 'both sides withheld their answers and nothing moved',
} as const satisfies { readonly [C in ProtocolErrorCode]?: string };
