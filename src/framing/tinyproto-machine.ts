import { queued } from '../bytes/fifo.js';
import type { Frame } from '../outbox/frame.js';
import type { Conversation } from './tinyproto-conversation.js';
import { holdsStreams, isOverflownBy, isOverrun, mayTakeWhole } from './tinyproto-credit.js';
import { EXPIRED } from './tinyproto-faults.js';
import { Handshake } from './tinyproto-handshake.js';
import type { Rules } from './tinyproto-options.js';
import { MOST_UNANSWERED } from './tinyproto-options.js';
import type { TinyprotoPort, TinyprotoWait } from './tinyproto-port.js';
import type { LifeEvent, TheirsEvent } from './tinyproto-states.js';
import { watch } from './tinyproto-waits.js';

const OK = 0xff;
const REFUSED = 0xfd;

/** Whatever begins with this or more is a signal, whatever begins with less is a header. */
const FIRST_SIGNAL = 0xf1;

const OPENING: { readonly [byte: number]: LifeEvent } = {
  255: 'ok',
  254: 'full',
  253: 'conflict',
  0: 'error',
};

/**
 * One end of a connection: finds the events in the peer's bytes and in the caller's wishes, and hands them to the tables.
 *
 * What comes is understood at once and not on demand, because the answers to our own frames stand between the messages; how far that goes is bounded by
 * the credit.
 */
export class TinyprotoMachine {
  readonly #rules: Rules;
  readonly #port: TinyprotoPort;
  readonly #s: Conversation;
  readonly #handshake: Handshake;

  constructor(
    rules: Rules,
    port: TinyprotoPort,
    conversation: Conversation,
    handshake = new Handshake(rules, port, conversation),
  ) {
    this.#rules = rules;
    this.#port = port;
    this.#s = conversation;
    this.#handshake = handshake;
  }

  /** Whether the wire may be paused to hold the peer: not where our own answers come through it. */
  get pausable(): boolean {
    return false;
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

  // What the caller wishes --------------------------------------------------------------------------------------------

  start(): void {
    this.#handshake.onLife('start');
    this.#watch();
  }

  receive(chunk: Uint8Array): void {
    const s = this.#s;
    if (chunk.length === 0 || s.life === 'over') return;
    s.bytes.push(chunk);
    s.chunks += 1;
    s.quiet = false;
    if (s.life === 'ended') this.#handshake.dropBytes(chunk.length);
    else this.#understand();
    this.#watch();
  }

  receiveEnd(): void {
    if (this.#isTalking()) this.#handshake.onTheirs('theirEnd');
    if (this.#isTalking()) this.#handshake.onOurs('theirEnd');
    this.#handshake.onLife('theirEnd');
    this.#watch();
  }

  read(): Uint8Array | undefined {
    const s = this.#s;
    const message = s.inbox.shift();
    if (message === undefined) return undefined;
    s.inboxBytes -= message.length;
    s.handed = queued(s.handed, message.length);
    return message;
  }

  consumed(): void {
    const s = this.#s;
    s.consumptions += 1;
    s.unconsumedBytes -= s.handed.shift() ?? 0;
    // Below 0 where a message came untold, in a tie, and is consumed before its OK can go out. None is left after `close`, which dropped the account with the messages.
    if (s.granted > 0 || s.life === 'open' || s.life === 'left') s.granted -= 1;
    // Where nothing is owed nothing can be answered, and no deadline hangs on it.
    if (s.owed.length === 0) return;
    this.#handshake.answer();
    this.#watch();
  }

  /** Whether a frame may begin now; `stream` frames give way to answers. */
  canBegin(stream: boolean): boolean {
    const s = this.#s;
    if (!this.#isTalking() || s.ours === 'asking' || s.unanswered >= this.#rules.window) return false;
    // Talking into a frame of the Python original's is fatal, so ours waits until all is silent.
    if (this.#rules.half) return s.theirs === 'between' && s.owed.length === 0 && this.#isQuiet();
    return !(stream && holdsStreams(s, this.#rules));
  }

  /** Begins a frame, which `canBegin` allowed. It will go out whole. */
  begin(frame: Frame): void {
    const s = this.#s;
    // Every answer that we may give goes first: what is answered cannot tie.
    this.#handshake.answer(true);
    const tied = s.owed.length > 0;
    if (tied) {
      s.due = true;
      this.#handshake.onTheirs('tie');
    }
    s.unanswered += 1;
    s.asked = frame;
    this.#handshake.onOurs(tied || this.#isEarly(frame) ? 'tell' : 'ask');
    this.#watch();
  }

  /**
   * Begins a frame, which `canBegin` allowed, behind the one begun last, if it would only write head and body at once: then the caller writes them. Returns false, and does
   * nothing, where there is more to do.
   *
   * In `told` a frame that is told goes out whole and leaves all as it was. With something owed, that would be answered first, or tie it.
   */
  follow(frame: Frame): boolean {
    const s = this.#s;
    if (s.ours !== 'told' || s.owed.length > 0 || !this.#isEarly(frame)) return false;
    s.unanswered += 1;
    return true;
  }

  /** Whether its payload may go behind its header without an answer. */
  #isEarly(frame: Frame): boolean {
    const size = frame.streamed ?? frame.body.length;
    return size === 0 || (this.#rules.window > 1 && size <= this.#rules.earlyBytes);
  }

  close(): void {
    this.#handshake.onLife('close');
    this.#understand();
    this.#watch();
  }

  tryEnd(): boolean {
    const s = this.#s;
    if (s.life === 'ended') return true;
    const drained = s.life === 'closing' || (s.life === 'left' && s.inbox.length === 0 && s.granted <= 0);
    // The half header must show first what it is: a frame that is here whole is answered before FIN.
    if (!drained || s.unanswered > 0 || s.theirs === 'header') return false;
    this.#handshake.onLife('end');
    this.#watch();
    return true;
  }

  expired(wait: TinyprotoWait): void {
    // The clock may have been on its way when the wait was over.
    if (this.#s.armed[wait] === 0) return;
    if (wait === 'quiet') this.#s.quiet = true;
    else this.#handshake.fail(EXPIRED[wait]);
  }

  retry(): void {
    this.#handshake.answer();
    this.#watch();
  }

  /** Gives back the bytes that were received and not read, and ends. */
  release(): Uint8Array {
    const rest = this.#s.bytes.takeAll();
    this.#handshake.onLife('over');
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
    if (s.theirs === 'payload') return this.payload();
    if (s.theirs === 'dropped' || s.theirs === 'skipped') return this.#unwanted();
    return this.#boundary();
  }

  #opening(): boolean {
    const { bytes } = this.#s;
    const byte = bytes.peek(0);
    bytes.skip(1);
    this.#handshake.onLife(OPENING[byte] ?? 'foreign');
    return true;
  }

  #boundary(): boolean {
    const s = this.#s;
    if (s.bytes.length === 0) return false;
    if (s.theirs !== 'header') {
      const first = s.bytes.peek(0);
      if (first >= FIRST_SIGNAL) return this.#signal(first);
      if (mayTakeWhole(s, this.#rules)) {
        this.#handshake.takeWhole(s.bytes.peekUint32(0));
        return true;
      }
      this.#handshake.onTheirs('begins');
    }
    if (s.bytes.length < 4) return false;
    this.#header(s.bytes.uint32());
    return true;
  }

  #signal(byte: number): boolean {
    const s = this.#s;
    const others = s.unanswered > 1;
    if (others && byte === OK) this.#okays(s.bytes.countOf(OK, s.unanswered - 1));
    else {
      s.bytes.skip(1);
      if (byte === OK) this.#handshake.onOurs('ok');
      else if (byte === REFUSED) this.#handshake.onOurs(others ? 'refusalEarlier' : 'refusal');
      else this.#handshake.onOurs('otherSignal');
    }
    return true;
  }

  /** Answers that came together. None of them is the last that is due, so each leaves `ours` as it is. */
  #okays(count: number): void {
    this.#s.bytes.skip(count);
    this.#handshake.onOurs('okEarlier', count);
  }

  #header(size: number): void {
    const s = this.#s;
    const tied = s.unanswered > 0;
    s.headers += 1;
    s.size = size;
    s.missing = size;
    s.due = tied;
    this.#handshake.onOurs('theirHeader');
    if (this.#isTalking()) this.#handshake.onTheirs(this.#kindOf(size, tied));
  }

  #kindOf(size: number, tied: boolean): TheirsEvent {
    const s = this.#s;
    if (s.owed.length >= MOST_UNANSWERED) return 'oneTooMany';
    if (size > this.#rules.maxMessageBytes) {
      if (tied) return 'tooLargeTied';
      return size > this.#rules.earlyBytes ? 'tooLarge' : 'tooLargeAndMaybeHere';
    }
    if (this.#rules.half && isOverflownBy(size, s, this.#rules)) return 'overflow';
    if (size === 0) return 'empty';
    return s.life === 'open' ? 'message' : 'unwanted';
  }

  protected payload(): boolean {
    const s = this.#s;
    if (s.bytes.length === 0) return false;
    s.due = true;
    if (isOverrun(s, this.#rules)) this.#handshake.onTheirs('overflow');
    if (s.life === 'over') return false;
    if (s.bytes.length < s.size) {
      s.bytes.gather(s.size);
      return false;
    }
    this.#handshake.onTheirs('whole');
    return true;
  }

  /** The last of a payload was taken out from outside: what stands behind it is understood now. */
  protected payloadTaken(): void {
    this.#handshake.onTheirs('whole');
    this.#understand();
    this.#watch();
  }

  /** Payloads that nobody wants are dropped as they come: they cost no memory. */
  #unwanted(): boolean {
    const s = this.#s;
    const here = Math.min(s.missing, s.bytes.length);
    if (here > 0) s.due = true;
    s.missing -= here;
    if (s.theirs === 'dropped') this.#handshake.dropBytes(here);
    else s.bytes.skip(here);
    if (s.missing > 0) return false;
    this.#handshake.onTheirs('whole');
    return true;
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
}
