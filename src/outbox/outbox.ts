import { type Fifo, noQueue, queued } from '../bytes/fifo.js';
import { type Fate, SendError } from '../errors.js';
import type { Wire } from '../transport/transport.js';
import type { Frame } from './frame.js';
import { isMany, lost, tellFailed, tellTaken } from './told.js';
import { beginTurn, endTurn, flushAfterTurn, isTurn } from './turns.js';
import type { DrawnBody, ManySender, OutgoingFrame, OutOwner, Sender, WayOut } from './way-out.js';
import type { Writer, WriterEvents } from './writer.js';

/** What the peer makes of a message. */
export type Answer = 'taken' | 'refused';

/** One message on its way out, from the subscription of its `send` to the outcome. */
export class Sending {
  state: 'queued' | 'gone' | 'begun' = 'queued';
  /** How many messages: only a run has more than one. */
  count = 1;
  /** The time of its body has come, and that comes from the source. */
  drawn = false;
  /** All of its bytes were handed to the wire. */
  whole = false;
  /** The kernel has all of its bytes. */
  written = false;
  /** The newest of its outcomes. */
  outcome: Answer | undefined;

  /** `source`: where its body comes from, if that is not in the frame. `order`: its place in the order of subscriptions, over both queues. */
  constructor(
    readonly sender: Sender,
    readonly frame: Frame,
    readonly source: DrawnBody | undefined,
    readonly order: number,
  ) {}

  /** Notes an outcome. Returns whether it has all of them. */
  answer(of: Answer): boolean {
    this.outcome = of;
    return true;
  }

  /** Who was told of nothing yet. */
  get untold(): readonly Sender[] {
    return [this.sender];
  }
}

/**
 * The sends of one connection: queued in the order of their subscription, begun when the framing allows it, settled in order.
 *
 *     queued ──begin──▶ begun ──outcome, and written──▶ settled
 *        └──withdraw──▶ gone
 *
 * A body that comes from a source counts as no bytes, because it is not here: it is drawn as the wire takes it. Its source is opened when its turn has come, and
 * those behind it wait until it has given its first bytes. What is protected here is for runs of messages that leave together; see `RunOutbox`.
 */
export class Outbox implements WayOut, WriterEvents {
  /** What is queued or under way. */
  bytes = 0;
  messages = 0;
  /** Of these, how many bodies come from a source. */
  bodies = 0;
  refused = 0;
  /** Where they go. */
  readonly out: Writer;
  protected readonly owner: OutOwner;
  #singles: Fifo<Sending> = noQueue;
  #streams: Fifo<Sending> = noQueue;
  #begun: Fifo<Sending> = noQueue;
  #writing: Fifo<Sending> = noQueue;
  #order = 0;
  /** Of these, how many have not begun. */
  queued = 0;
  /** In `begun`: so many have an outcome; those before this one need not be handed to the wire any more. */
  #outcomes = 0;
  #handedBefore = 0;
  /** So many frames more are with the kernel than were marked so. */
  #unmarked = 0;
  #failure: { readonly cause: unknown } | undefined;

  constructor(owner: OutOwner, writer: new (wire: Wire, on: WriterEvents) => Writer) {
    this.owner = owner;
    this.out = new writer(owner.wire, this);
  }

  // --- turns

  enter(): void {
    beginTurn();
  }

  leave(): void {
    endTurn();
  }

  /** Behind the turn of another connection that brings it about, which may do so for each of a hundred messages. */
  soon(): boolean {
    if (!isTurn()) return false;
    flushAfterTurn(this);
    return true;
  }

  flush(): void {
    this.owner.turn();
  }

  // --- what the machine writes

  write(bytes: Uint8Array, last: boolean): void {
    if (this.owner.gone) return;
    if (last) this.#noteHanded();
    this.out.write(bytes, last);
  }

  demandIdle(): void {
    if (this.queued > 0 || this.owner.machine.talk?.midFrame)
      throw new TypeError('A message that was framed before is on its way');
  }

  /** FIN behind what was written. */
  end(): void {
    this.out.end();
  }

  /** Hands over what it has. Returns whether something is left behind. */
  cut(): boolean {
    this.out.handOver();
    return !this.out.handed;
  }

  // --- what the writer tells

  handed(bytes: number): void {
    const { traffic, settings } = this.owner;
    traffic.bytesOut += bytes;
    settings.traffic.bytesOut += bytes;
    this.endRun();
  }

  lastWritten(pieces: number): void {
    this.#noteWritten(pieces);
    this.owner.turn();
  }

  writerHasRoom(): void {
    if (this.bodies > 0) this.owner.turn();
  }

  progress(pending: boolean): void {
    this.owner.progress(pending);
  }

  cutOff(error: unknown): void {
    this.owner.error(error);
  }

  /** What has become of the frame begun last, if its body cannot be whole any more. */
  get broken(): SendError | undefined {
    return broken(this.#begun.at(this.#begun.length - 1));
  }

  // --- what is sent

  /** Queues a message, and begins it if it may at once: else gives back what takes it out again. */
  add(frame: OutgoingFrame, sender: Sender): (() => void) | undefined {
    const { source } = frame;
    this.bytes += frame.body.length;
    this.messages++;
    if (source) this.bodies++;
    const mayBegin = this.queued === 0 && !source && this.#canBegin(isStream(sender));
    if (mayBegin && this.joined(frame, sender)) return undefined;
    const sending = this.sending(sender, frame, source, this.#order++);
    if (mayBegin) {
      this.begin(sending);
      return undefined;
    }
    this.queued++;
    if (isStream(sender)) this.#streams = queued(this.#streams, sending);
    else this.#singles = queued(this.#singles, sending);
    // It may overtake what waits, or is to be opened.
    this.owner.turn();
    if (sending.state !== 'queued') return undefined;
    return () => {
      // What stands behind it may begin now, if it is not taken back, too.
      if (this.#withdraw(sending)) flushAfterTurn(this);
    };
  }

  /** The wire has been given what was written so far: nothing joins that any more. */
  protected endRun(): void {}

  /** Takes a message out again; returns whether it did, because it had not begun. */
  #withdraw(sending: Sending): boolean {
    const isQueued = sending.state === 'queued' && !this.#failure;
    if (isQueued) {
      sending.state = 'gone';
      this.queued--;
      this.forget(sending, 1, sending.frame.body.length);
    }
    return isQueued;
  }

  /** Takes all messages of a stream out that have not begun. */
  withdrawAll(stream: ManySender): void {
    const before = this.queued;
    for (const sending of this.#streams) if (sending.sender === stream) this.#withdraw(sending);
    if (this.queued < before) flushAfterTurn(this);
  }

  /** Begins what may begin. */
  pump(): void {
    while (this.queued > 0 && !this.#failure) {
      const queue = this.#nextQueue();
      const sending = queue?.at(0);
      if (queue === undefined || sending === undefined) break;
      const isWaiting = sending.source?.prepare();
      // To open its source may have withdrawn it.
      if (sending.state !== 'queued') continue;
      if (isWaiting) break;
      queue.shift();
      const error = broken(sending);
      if (error) {
        this.#withdraw(sending);
        tellFailed(sending.sender, error);
        continue;
      }
      this.queued--;
      if (!sending.source && this.joined(sending.frame, sending.sender)) sending.state = 'begun';
      else this.begin(sending);
    }
  }

  /** The turn of the body of the frame begun last has come: gives back where it comes from. */
  beginBody(): DrawnBody | undefined {
    const sending = this.#begun.at(this.#begun.length - 1);
    if (sending) sending.drawn = true;
    return sending?.source;
  }

  /** The machine's word on the oldest frame without an outcome. */
  outcome(of: Answer): void {
    if (this.#begun.at(this.#outcomes)?.answer(of)) this.#outcomes++;
  }

  /** The oldest frame whose bytes were not complete has all of them handed to the wire … */
  #noteHanded(): void {
    let sending = this.#begun.at(this.#handedBefore++);
    while (sending?.outcome === 'refused' && !sending.drawn) sending = this.#begun.at(this.#handedBefore++);
    if (!sending) return;
    sending.whole = true;
    this.#writing = queued(this.#writing, sending);
  }

  /** … and the kernel has them: those of so many frames. It has what stands before them, too, of which a wire may tell later: a run is then ahead of its account. */
  #noteWritten(frames: number): void {
    this.#unmarked += frames;
    while (this.#unmarked > 0) {
      const sending = this.#writing.shift();
      if (sending === undefined) break;
      sending.written = true;
      this.#unmarked -= sending.count;
    }
  }

  /** Tells the senders what has become of their messages. */
  settle(): void {
    for (let head = this.#begun.at(0); head && !this.#failure; head = this.#begun.at(0)) {
      // A body that was refused in a tie goes out all the same.
      const refused = head.outcome === 'refused' && (!head.drawn || head.whole);
      if (!refused && !(head.outcome === 'taken' && head.written)) break;
      if (!this.settleHead(head)) break;
    }
  }

  /** No message will be taken any more. Sources are closed, and what is unsent is listed, before anybody is told: who hears of it may ask. */
  fail(cause: unknown, unsent: Uint8Array[]): void {
    this.#failure = { cause };
    const underWay = this.#begun.drain();
    const waiting = [...this.#singles.drain(), ...this.#streams.drain()].filter(
      ({ state }) => state === 'queued',
    );
    this.bytes = this.messages = this.bodies = this.queued = 0;
    waiting.sort((a, b) => a.order - b.order);
    const all = [...underWay, ...waiting];
    for (const sending of all) {
      sending.source?.close();
      if (fateOf(sending) === 'not-sent' && !sending.source) unsent.push(sending.frame.body);
    }
    for (const sending of all)
      for (const sender of sending.untold)
        tellFailed(sender, broken(sending) ?? lost(fateOf(sending), cause));
  }

  /** A message, or the first of a run. */
  protected sending(sender: Sender, frame: Frame, source: DrawnBody | undefined, order: number): Sending {
    return new Sending(sender, frame, source, order);
  }

  protected begin(sending: Sending): void {
    sending.state = 'begun';
    this.#begun = queued(this.#begun, sending);
    const { talk } = this.owner.machine;
    if (talk) talk.begin(sending.frame);
    else this.#writeFrame(sending.frame);
  }

  /** The run that a message joins, if it could. */
  protected joined(_frame: Frame, _sender: Sender): Sending | undefined {
    return undefined;
  }

  /** Tells of the oldest one that has begun. Returns whether that is all of it. */
  protected settleHead(head: Sending): boolean {
    this.shiftBegun();
    this.forget(head, 1, head.frame.body.length);
    if (head.outcome === 'refused') this.tellRefused(head.sender, head.frame);
    else this.tellTaken(head.sender, 1);
    return true;
  }

  protected forget(sending: Sending, messages: number, bytes: number): void {
    this.messages -= messages;
    this.bytes -= bytes;
    if (!sending.source) return;
    this.bodies--;
    sending.source.close();
  }

  /** Where nothing has to be asked of the peer. Of an empty frame its nothing is written, so that its end is told of. */
  #writeFrame({ head, body, tail }: Frame): void {
    const bare = body.length === 0 && tail.length === 0;
    if (head.length > 0 || bare) this.write(head, bare);
    if (body.length > 0) this.write(body, tail.length === 0);
    if (tail.length > 0) this.write(tail, true);
    this.outcome('taken');
  }

  #canBegin(isStream: boolean): boolean {
    const { machine, finSent } = this.owner;
    return machine.talk ? machine.talk.canBegin(isStream) : !finSent;
  }

  /** The next to begin: in the order of subscription, except that a stream's message which must give way is overtaken. */
  #nextQueue(): Fifo<Sending> | undefined {
    const single = firstQueued(this.#singles);
    const stream = firstQueued(this.#streams);
    if (stream && (!single || stream.order < single.order) && this.#canBegin(true)) return this.#streams;
    return single && this.#canBegin(false) ? this.#singles : undefined;
  }

  protected shiftBegun(): void {
    this.#begun.shift();
    this.#outcomes--;
    if (this.#handedBefore > 0) this.#handedBefore--;
  }

  protected tellRefused(sender: Sender, { streamed, body }: Frame): void {
    this.refused++;
    const text = `The peer refused a message of ${streamed ?? body.length} bytes`;
    tellFailed(sender, new SendError('refused', text, { fate: 'refused' }));
  }

  protected tellTaken(sender: Sender, messages: number): void {
    const { traffic, settings } = this.owner;
    traffic.messagesOut += messages;
    settings.traffic.messagesOut += messages;
    tellTaken(sender, messages);
  }
}

function isStream(sender: Sender): boolean {
  return isMany(sender) && sender.isStream;
}

/** What becomes of a message of which nothing more will go out. */
function fateOf({ whole, drawn }: Sending): Fate {
  return whole || drawn ? 'unknown' : 'not-sent';
}

function broken(sending: Sending | undefined): SendError | undefined {
  return sending?.whole ? undefined : sending?.source?.error(sending.drawn ? 'unknown' : 'not-sent');
}

/** The head of a queue, past what was withdrawn. */
function firstQueued(queue: Fifo<Sending>): Sending | undefined {
  let head = queue.at(0);
  while (head?.state === 'gone') {
    queue.shift();
    head = queue.at(0);
  }
  return head;
}
