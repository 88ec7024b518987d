import { queued } from '../bytes/fifo.js';
import type { Conversation } from './tinyproto-conversation.js';
import { Handshake } from './tinyproto-handshake.js';
import { TinyprotoMachine } from './tinyproto-machine.js';
import type { Rules } from './tinyproto-options.js';
import type { TinyprotoBodiesPort } from './tinyproto-port.js';
import { watch } from './tinyproto-waits.js';

/**
 * tinyproto with large bodies in parts; the tables are the same.
 *
 * On the way in, a payload that cannot come early is not collected: its bytes wait here until they are read, and what stands behind them, answers to our own
 * frames included, waits with them. So the wire may be paused there, and only there. Smaller messages are collected, because answers must get past them.
 *
 * On the way out nothing may stand between a header and its payload: while a body of ours is on its way we answer nothing, begin nothing and do not end.
 * The OK for it may come meanwhile, in a tie.
 */
export class StreamingTinyprotoMachine extends TinyprotoMachine {
  readonly #rules: Rules;
  readonly #port: TinyprotoBodiesPort;
  readonly #s: Conversation;
  readonly #handshake: Handshake;

  constructor(rules: Rules, port: TinyprotoBodiesPort, conversation: Conversation) {
    const handshake = new StreamingHandshake(rules, port, conversation);
    super(rules, port, conversation, handshake);
    this.#rules = rules;
    this.#port = port;
    this.#s = conversation;
    this.#handshake = handshake;
  }

  override get pausable(): boolean {
    return this.#s.streamed;
  }

  override get midFrame(): boolean {
    return super.midFrame || this.#s.writing;
  }

  /** What is here of a streamed payload is read before it is judged whether their FIN cuts it. */
  override receiveEnd(): void {
    const s = this.#s;
    s.endWaits = s.streamed && s.bytes.length > 0;
    if (!s.endWaits) super.receiveEnd();
  }

  /** The size of the next message, if it is a large one whose beginning is here. It is unread until its last part is. */
  readHead(): number | undefined {
    const s = this.#s;
    if (!s.streamed || s.headRead || s.inbox.length > 0 || s.life !== 'open') return undefined;
    s.headRead = true;
    s.handed = queued(s.handed, 0);
    return s.size;
  }

  /** Bytes of the message whose head was read, as they came. */
  readPart(): Uint8Array | undefined {
    const s = this.#s;
    if (!s.streamed || !s.headRead || s.bytes.length === 0) return undefined;
    const part = s.bytes.takePiece(s.missing);
    s.missing -= part.length;
    if (s.missing === 0) this.payloadTaken();
    else this.#watch();
    if (s.endWaits) this.receiveEnd();
    return part;
  }

  override canBegin(stream: boolean): boolean {
    return !this.#s.writing && super.canBegin(stream);
  }

  /** The last byte of the body that `writeBody` asked for was written. Until then nothing else may be written, and no frame may begin. */
  bodyWritten(): void {
    this.#s.writing = false;
    this.#handshake.answer();
    this.#watch();
  }

  override close(): void {
    super.close();
    if (this.#s.endWaits) this.receiveEnd();
  }

  override tryEnd(): boolean {
    return !this.#s.writing && super.tryEnd();
  }

  protected override payload(): boolean {
    const s = this.#s;
    if (!s.streamed) return super.payload();
    if (s.bytes.length > 0) s.due = true;
    return false;
  }

  #watch(): void {
    watch(this.#s, this.#rules, this.#port);
  }
}

class StreamingHandshake extends Handshake {
  readonly #rules: Rules;
  readonly #port: TinyprotoBodiesPort;
  readonly #s: Conversation;

  constructor(rules: Rules, port: TinyprotoBodiesPort, conversation: Conversation) {
    super(rules, port, conversation);
    this.#rules = rules;
    this.#port = port;
    this.#s = conversation;
  }

  override writePayload(): void {
    const s = this.#s;
    if (s.asked?.streamed === undefined) {
      super.writePayload();
      return;
    }
    s.asked = undefined;
    s.writing = true;
    this.#port.writeBody();
  }

  override answer(starting = false): void {
    if (!this.#s.writing) super.answer(starting);
  }

  override answerAll(): void {
    if (!this.#s.writing) super.answerAll();
  }

  override oweOk(): void {
    const s = this.#s;
    s.streamed = s.theirs === 'payload' && s.size > this.#rules.earlyBytes;
    s.headRead = false;
    // What is not collected costs none of the budgets.
    if (s.streamed) s.owed.push(0);
    else super.oweOk();
  }

  override deliver(): void {
    if (!this.#s.streamed) super.deliver();
    this.#s.streamed = false;
  }

  override dropUnread(): void {
    this.#s.streamed = false;
    super.dropUnread();
  }
}
