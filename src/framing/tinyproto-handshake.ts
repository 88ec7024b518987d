import { queued } from '../bytes/fifo.js';
import type { Conversation } from './tinyproto-conversation.js';
import { REFUSAL } from './tinyproto-conversation.js';
import { mayAnswer } from './tinyproto-credit.js';
import { type FaultCode, fault } from './tinyproto-faults.js';
import type { Rules } from './tinyproto-options.js';
import type { TinyprotoPort } from './tinyproto-port.js';
import type { Action, LifeEvent, OursEvent, Step, TheirsEvent } from './tinyproto-states.js';
import { life, oursInFullDuplex, oursInHalfDuplex, theirs } from './tinyproto-states.js';
import { watch } from './tinyproto-waits.js';

const OK = Uint8Array.of(0xff);
const REFUSED = Uint8Array.of(0xfd);

/** The tables at work: takes events, moves the conversation from state to state, and does what each step says. */
export class Handshake implements Record<Action, () => void> {
  readonly #rules: Rules;
  readonly #port: TinyprotoPort;
  readonly #s: Conversation;
  readonly #ours: typeof oursInFullDuplex;

  constructor(rules: Rules, port: TinyprotoPort, conversation: Conversation) {
    this.#rules = rules;
    this.#port = port;
    this.#s = conversation;
    this.#ours = rules.half ? oursInHalfDuplex : oursInFullDuplex;
  }

  // Events ------------------------------------------------------------------------------------------------------------

  /** Anything may be asked at any time of a connection's life; what does not apply means nothing. */
  onLife(event: LifeEvent): void {
    const step = life[this.#s.life][event];
    if (!step) return;
    if (step.next) this.#s.life = step.next;
    this.#do(step);
  }

  /** `times`: so often, of an event that leaves the state as it is. */
  onOurs(event: OursEvent, times = 1): void {
    const step = this.#ours[this.#s.ours][event];
    if (!step) throw new Error(`no ${event} while ${this.#s.ours}`);
    if (step.next) this.#s.ours = step.next;
    for (let left = times; left > 0; left -= 1) this.#do(step);
  }

  onTheirs(event: TheirsEvent): void {
    const step = theirs[this.#s.theirs][event];
    if (!step) throw new Error(`no ${event} while ${this.#s.theirs}`);
    if (step.next) this.#s.theirs = step.next;
    this.#do(step);
  }

  /** A message of theirs that is here whole, and may be taken so: `theirs` would go from `between` by `begins`, `message` and `whole` to `between`, and do the same. */
  takeWhole(size: number): void {
    const s = this.#s;
    s.bytes.skip(4);
    s.headers += 1;
    s.size = size;
    s.unconsumedBytes += size;
    if (!mayAnswer(s, this.#rules, false) || !this.#give(size)) s.owed.push(size);
    this.deliver();
  }

  fail(code: FaultCode): void {
    const s = this.#s;
    const reset = s.asked !== undefined || s.writing || code === 'collision';
    this.onLife('over');
    s.bytes.skip(s.bytes.length);
    watch(s, this.#rules, this.#port);
    this.#port.fail(fault(code), { reset });
  }

  #do(step: Step<string>): void {
    if (step.do) for (const action of step.do) this[action]();
    if (step.fail) this.fail(step.fail);
  }

  // Actions of life ---------------------------------------------------------------------------------------------------

  writeOpening(): void {
    this.#port.write(OK, false);
  }

  announce(): void {
    this.#port.opened();
  }

  dropUnread(): void {
    const s = this.#s;
    s.droppedMessages += s.inbox.length;
    s.droppedBytes += s.inboxBytes;
    s.inbox.drain();
    s.inboxBytes = 0;
    s.handed.drain();
    s.unconsumedBytes = 0;
    s.granted = 0;
    this.onTheirs('close');
  }

  /** The frame that is still coming stays unanswered: its sender shall know that it was not taken. */
  answerWhole(): void {
    const s = this.#s;
    if (s.theirs === 'dropped') s.owed.pop();
    this.answerAll();
    this.dropBytes(s.bytes.length);
  }

  dropBytes(count: number): void {
    this.#s.bytes.skip(count);
    this.#s.droppedBytes += count;
  }

  // Actions on our frames ---------------------------------------------------------------------------------------------

  writeHeader(): void {
    const frame = this.#s.asked;
    if (!frame) throw new Error('no frame of ours is open');
    const whole = (frame.streamed ?? frame.body.length) === 0;
    if (whole) this.#s.asked = undefined;
    this.#port.write(frame.head, whole);
  }

  writePayload(): void {
    const frame = this.#s.asked;
    // An empty message was whole with its header.
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

  #answered(outcome: 'taken' | 'refused'): void {
    const s = this.#s;
    s.unanswered -= 1;
    s.answered += 1;
    if (s.ours !== 'asking') s.asked = undefined;
    this.#port.outcome(outcome);
  }

  // Actions on their frames -------------------------------------------------------------------------------------------

  oweOk(): void {
    this.#s.owed.push(this.#s.size);
    this.#s.unconsumedBytes += this.#s.size;
  }

  oweRefusal(): void {
    this.#s.owed.push(REFUSAL);
  }

  /**
   * Gives what answers may be given now, oldest first. While a header of ours is open nothing is owed, and so nothing can be written between it and its
   * payload: a header of theirs would have tied it.
   */
  answer(starting = false): void {
    const s = this.#s;
    for (let debt = s.owed[0]; debt !== undefined && mayAnswer(s, this.#rules, starting); debt = s.owed[0]) {
      if (!this.#give(debt)) break;
      s.owed.shift();
    }
    if (s.owed.length > 0) return;
    s.due = true;
    if (s.theirs === 'refused') this.onTheirs('refusalOut');
  }

  /** Gives an answer, unless there is no room for what it would grant. */
  #give(debt: number): boolean {
    const s = this.#s;
    const isOk = debt !== REFUSAL;
    // While closing, what is granted is dropped.
    const counts = isOk && s.life !== 'closing';
    if (counts && !this.#mayGrant(debt)) return false;
    if (counts) s.granted += 1;
    this.#port.write(isOk ? OK : REFUSED, false);
    return true;
  }

  /** A peer of the original's gives up if it is kept waiting, so in half duplex everything is granted that has come so far. */
  #mayGrant(size: number): boolean {
    return this.#port.grant?.(size, this.#rules.half) ?? true;
  }

  answerAll(): void {
    for (const debt of this.#s.owed.splice(0)) this.#port.write(debt === REFUSAL ? REFUSED : OK, false);
  }

  deliver(): void {
    const s = this.#s;
    if (s.life !== 'open') {
      s.droppedMessages += 1;
      return;
    }
    s.inbox = queued(s.inbox, s.bytes.take(s.size));
    s.inboxBytes += s.size;
  }
}
