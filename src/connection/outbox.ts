import { type Fate, SendError } from '../errors.js';
import type { Frame, FramingMachine } from '../framing/framing.js';
import type { BodySource } from './body-source.js';
import { Fifo } from './fifo.js';

export interface OutboxOptions {
  readonly maxQueuedBytes: number;
  readonly maxQueuedMessages: number;
}

/** Who waits for the outcome of a message. Told once, never from inside `add`, except of a refusal to queue it. */
export interface Sender {
  /** Whether its messages give way to answers (wire-protocol.md, rule 3). */
  readonly isStream: boolean;
  taken(): void;
  failed(error: SendError): void;
}

/** One message on its way out, from the subscription of its `send` to the outcome. */
export interface Sending {
  readonly sender: Sender;
  readonly frame: Frame;
  /** Where its body comes from, if that is not in the frame. */
  readonly source: BodySource | undefined;
  /** The place in the order of subscriptions, over both queues. */
  readonly order: number;
  state: 'queued' | 'gone' | 'begun';
  /** The time of its body has come, and that comes from the source. */
  drawn: boolean;
  /** All of its bytes were handed to the wire. */
  whole: boolean;
  /** The kernel has all of its bytes. */
  written: boolean;
  outcome: 'taken' | 'refused' | undefined;
}

/**
 * The sends of one connection: queued in the order of their subscription, begun when the framing allows it, settled in order.
 *
 *     queued ──begin──▶ begun ──outcome, and written──▶ settled
 *        └──withdraw──▶ gone
 *
 * A body that comes from a source counts as no bytes, because it is not here: it is drawn as the wire takes it. Its source is opened when its turn has come, and
 * those behind it wait until it has given its first bytes.
 */
export interface Outbox {
  /** Queues a message, or fails it at once. */
  add(frame: Frame, sender: Sender, source?: BodySource): Sending | undefined;
  /** Takes a message out again, unless it has begun. */
  withdraw(sending: Sending): void;
  /** Takes all messages of a stream out that have not begun. */
  withdrawAll(stream: Sender): void;
  /** Begins what may begin. */
  pump(): void;
  /** The turn of the body of the frame begun last has come: gives back where it comes from. */
  beginBody(): BodySource | undefined;
  /** What has become of the frame begun last, if its body cannot be whole any more. */
  readonly broken: SendError | undefined;
  /** The machine's word on the oldest frame without an outcome. */
  outcome(of: 'taken' | 'refused'): void;
  /** The oldest frame whose bytes were not complete has all of them handed to the wire … */
  handed(): void;
  /** … and the kernel has them. */
  written(): void;
  /** Tells the senders what has become of their messages. */
  settle(): void;
  /** No message will be taken any more. */
  fail(cause: unknown): void;
  /** The messages, encoded, that `fail` has found and of which nothing was sent. */
  readonly unsent: readonly Uint8Array[];
  /** Nothing is queued; frames may still be under way. */
  readonly empty: boolean;
  /** How many have begun so far. */
  readonly begunCount: number;
  /** What is queued or under way. */
  readonly bytes: number;
  readonly messages: number;
  /** Of these, how many bodies come from a source. */
  readonly bodies: number;
}

/** The machine may be another from one call to the next. */
export function outbox(machine: () => FramingMachine, limits: OutboxOptions, taken = () => {}): Outbox {
  const unsent: Uint8Array[] = [];
  const singles = new Fifo<Sending>();
  const streams = new Fifo<Sending>();
  const begun = new Fifo<Sending>();
  const writing = new Fifo<Sending>();
  let order = 0;
  let bytes = 0;
  let messages = 0;
  let bodies = 0;
  let queued = 0;
  let begunCount = 0;
  /** In `begun`: so many have an outcome; those before this one need not be handed to the wire any more. */
  let outcomes = 0;
  let handedBefore = 0;
  let failure: { readonly cause: unknown } | undefined;

  const refusal = (size: number): SendError | undefined => {
    if (failure) return lost('not-sent', failure.cause);
    const fits = messages === 0 || bytes + size <= limits.maxQueuedBytes;
    if (fits && messages < limits.maxQueuedMessages) return undefined;
    const text = `${messages} messages, ${bytes} bytes, wait to be taken`;
    return new SendError('queue-full', text, { fate: 'not-sent' });
  };

  const forget = (sending: Sending) => {
    bytes -= sending.frame.body.length;
    messages--;
    if (!sending.source) return;
    bodies--;
    sending.source.close();
  };

  /** The next to begin: in the order of subscription, except that a stream's message which must give way is overtaken. */
  const nextQueue = (): Fifo<Sending> | undefined => {
    const single = firstQueued(singles);
    const stream = firstQueued(streams);
    if (stream && (!single || stream.order < single.order) && machine().canBegin(true)) return streams;
    return single && machine().canBegin(false) ? singles : undefined;
  };

  const settleHead = (head: Sending) => {
    begun.shift();
    outcomes--;
    if (handedBefore > 0) handedBefore--;
    forget(head);
    if (head.outcome === 'taken') {
      taken();
      head.sender.taken();
    } else head.sender.failed(refused(head.frame.streamed ?? head.frame.body.length));
  };

  /** Whether the next may begin: one with a source when that has given something. One whose source has failed is dropped. */
  const isReady = (sending: Sending, queue: Fifo<Sending>): boolean => {
    const source = sending.source;
    const readiness = source?.prepare() ?? 'ready';
    if (readiness !== 'failed') return readiness === 'ready';
    queue.shift();
    withdraw(sending);
    sending.sender.failed(bodyFailed(source?.failure?.cause, 'not-sent'));
    return false;
  };

  const broken = (sending: Sending | undefined): SendError | undefined => {
    const failure = sending?.whole ? undefined : sending?.source?.failure;
    return failure && bodyFailed(failure.cause, sending?.drawn ? 'unknown' : 'not-sent');
  };

  const withdraw = (sending: Sending) => {
    if (sending.state !== 'queued' || failure) return;
    sending.state = 'gone';
    queued--;
    forget(sending);
  };

  return {
    add(frame, sender, source) {
      const size = frame.body.length;
      const error = refusal(size);
      if (error) {
        sender.failed(error);
        return undefined;
      }
      const sending: Sending = {
        sender,
        frame,
        source,
        order: order++,
        state: 'queued',
        drawn: false,
        whole: false,
        written: false,
        outcome: undefined,
      };
      bytes += size;
      messages++;
      queued++;
      if (source) bodies++;
      (sender.isStream ? streams : singles).push(sending);
      return sending;
    },

    withdraw,

    withdrawAll(stream) {
      for (const sending of streams) if (sending.sender === stream) withdraw(sending);
    },

    pump() {
      while (queued > 0 && !failure) {
        const queue = nextQueue();
        const sending = queue?.at(0);
        if (queue === undefined || sending === undefined) break;
        if (sending.source && !isReady(sending, queue)) {
          if (sending.state === 'queued') break;
          continue;
        }
        queue.shift();
        queued--;
        sending.state = 'begun';
        begun.push(sending);
        begunCount++;
        machine().begin(sending.frame);
      }
    },

    beginBody() {
      const sending = begun.at(begun.length - 1);
      if (sending) sending.drawn = true;
      return sending?.source;
    },

    get broken() {
      return broken(begun.at(begun.length - 1));
    },

    outcome(of) {
      const sending = begun.at(outcomes++);
      if (sending) sending.outcome = of;
    },

    handed() {
      let sending = begun.at(handedBefore++);
      while (sending?.outcome === 'refused' && !sending.drawn) sending = begun.at(handedBefore++);
      if (!sending) return;
      sending.whole = true;
      writing.push(sending);
    },

    written() {
      const sending = writing.shift();
      if (sending) sending.written = true;
    },

    settle() {
      for (let head = begun.at(0); head && !failure; head = begun.at(0)) {
        // A body that was refused in a tie goes out all the same.
        const refused = head.outcome === 'refused' && (!head.drawn || head.whole);
        if (!refused && !(head.outcome === 'taken' && head.written)) break;
        settleHead(head);
      }
    },

    fail(cause) {
      if (failure) return;
      failure = { cause };
      const underWay = begun.drain();
      const waiting = [...singles.drain(), ...streams.drain()].filter(({ state }) => state === 'queued');
      bytes = messages = bodies = queued = 0;
      waiting.sort((a, b) => a.order - b.order);
      const all = [...underWay, ...waiting];
      for (const { source } of all) source?.close();
      for (const sending of all) {
        const fate = sending.whole || sending.drawn ? 'unknown' : 'not-sent';
        if (fate === 'not-sent' && !sending.source) unsent.push(sending.frame.body);
        sending.sender.failed(broken(sending) ?? lost(fate, cause));
      }
    },

    unsent,

    get empty() {
      return queued === 0;
    },
    get begunCount() {
      return begunCount;
    },
    get bytes() {
      return bytes;
    },
    get messages() {
      return messages;
    },
    get bodies() {
      return bodies;
    },
  };
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

function refused(size: number): SendError {
  return new SendError('refused', `The peer refused a message of ${size} bytes`, { fate: 'refused' });
}

function bodyFailed(cause: unknown, fate: Fate): SendError {
  return new SendError('body-failed', 'A streamed body could not be sent whole', { fate, cause });
}

function lost(fate: Fate, cause: unknown): SendError {
  const text = fate === 'unknown' ? 'whether the message arrived is not known' : 'the message was not sent';
  return new SendError('connection-closed', `The connection is closed: ${text}`, { fate, cause });
}
