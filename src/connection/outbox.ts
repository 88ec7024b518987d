import type { Subscriber } from 'rxjs';
import { type Fate, SendError } from '../errors.js';
import type { Frame, FramingMachine } from '../framing/framing.js';
import { Fifo } from './fifo.js';

export interface OutboxOptions {
  readonly maxQueuedBytes: number;
  readonly maxQueuedMessages: number;
}

/** One message on its way out, from the subscription of its `send` to the outcome. */
interface Sending {
  readonly subscriber: Subscriber<void>;
  readonly frame: Frame;
  readonly bytes: number;
  /** The place in the order of subscriptions, over both queues. */
  readonly order: number;
  begun: boolean;
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
 *        └──unsubscribe──▶ gone
 */
export interface Outbox {
  /** Queues a message, or fails it at once. `stream` messages give way to answers (wire-protocol.md, rule 3). */
  add(frame: Frame, subscriber: Subscriber<void>, stream: boolean): void;
  /** Begins what may begin. */
  pump(): void;
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
  /** Nothing is queued; frames may still be under way. */
  readonly empty: boolean;
  readonly queuedBytes: number;
  readonly queuedMessages: number;
}

export function outbox(machine: FramingMachine, limits: OutboxOptions): Outbox {
  const singles = new Fifo<Sending>();
  const streams = new Fifo<Sending>();
  const begun = new Fifo<Sending>();
  const writing = new Fifo<Sending>();
  let order = 0;
  let queuedBytes = 0;
  let queuedMessages = 0;
  let waiting = 0;
  let outcomes = 0;
  let failure: { readonly cause: unknown } | undefined;

  const refuseToQueue = (bytes: number): SendError | undefined => {
    if (failure) return lost('not-sent', failure.cause);
    const over =
      queuedMessages >= limits.maxQueuedMessages ||
      (queuedMessages > 0 && queuedBytes + bytes > limits.maxQueuedBytes);
    if (!over) return undefined;
    return new SendError('queue-full', `${queuedMessages} messages, ${queuedBytes} bytes, wait to be sent`, {
      fate: 'not-sent',
    });
  };

  const forget = (sending: Sending) => {
    queuedBytes -= sending.bytes;
    queuedMessages--;
  };

  /** The next to begin: in the order of subscription, except that a stream's frame which must give way is overtaken. */
  const nextQueue = (): Fifo<Sending> | undefined => {
    const single = cancelledSkipped(singles);
    const stream = cancelledSkipped(streams);
    if (stream && (!single || stream.order < single.order) && machine.canBegin(true)) return streams;
    return single && machine.canBegin(false) ? singles : undefined;
  };

  const begin = (sending: Sending) => {
    waiting--;
    sending.begun = true;
    begun.push(sending);
    machine.begin(sending.frame);
  };

  const settleOne = (sending: Sending) => {
    begun.shift();
    outcomes--;
    forget(sending);
    const { subscriber } = sending;
    if (sending.outcome === 'refused') {
      subscriber.error(
        new SendError('refused', `The peer refused a message of ${sending.bytes} bytes`, { fate: 'refused' }),
      );
    } else {
      subscriber.next();
      subscriber.complete();
    }
  };

  return {
    add(frame, subscriber, stream) {
      const bytes = frame.body.length;
      const error = refuseToQueue(bytes);
      if (error) {
        subscriber.error(error);
        return;
      }
      const sending: Sending = {
        subscriber,
        frame,
        bytes,
        order: order++,
        begun: false,
        whole: false,
        written: false,
        outcome: undefined,
      };
      queuedBytes += bytes;
      queuedMessages++;
      waiting++;
      (stream ? streams : singles).push(sending);
      subscriber.add(() => {
        if (sending.begun || failure) return;
        // A begun frame goes out whole. One that has not begun leaves the queue: what is left of it there is skipped.
        sending.begun = true;
        waiting--;
        forget(sending);
      });
    },

    pump() {
      while (waiting > 0 && !failure) {
        const queue = nextQueue();
        const sending = queue?.shift();
        if (sending === undefined) break;
        begin(sending);
      }
    },

    outcome(of) {
      const sending = begun.at(outcomes++);
      if (sending) sending.outcome = of;
    },

    handed() {
      let index = 0;
      let sending = begun.at(index);
      while (sending && (sending.whole || sending.outcome === 'refused')) sending = begun.at(++index);
      if (!sending) return;
      sending.whole = true;
      writing.push(sending);
    },

    written() {
      const sending = writing.shift();
      if (sending) sending.written = true;
    },

    settle() {
      for (let head = begun.at(0); head; head = begun.at(0)) {
        const done = head.outcome === 'refused' || (head.outcome === 'taken' && head.written);
        if (!done || failure) break;
        settleOne(head);
      }
    },

    fail(cause) {
      if (failure) return;
      failure = { cause };
      const under = begun.drain();
      const queued = [...singles.drain(), ...streams.drain()]
        .filter((sending) => !sending.begun)
        .sort((a, b) => a.order - b.order);
      for (const sending of under) {
        sending.subscriber.error(lost(sending.whole ? 'unknown' : 'not-sent', cause));
      }
      for (const sending of queued) sending.subscriber.error(lost('not-sent', cause));
      waiting = queuedBytes = queuedMessages = 0;
    },

    get empty() {
      return waiting === 0;
    },
    get queuedBytes() {
      return queuedBytes;
    },
    get queuedMessages() {
      return queuedMessages;
    },
  };
}

function cancelledSkipped(queue: Fifo<Sending>): Sending | undefined {
  let head = queue.at(0);
  while (head?.begun) {
    queue.shift();
    head = queue.at(0);
  }
  return head;
}

function lost(fate: Fate, cause: unknown): SendError {
  const text = fate === 'unknown' ? 'whether the message arrived is not known' : 'the message was not sent';
  return new SendError('connection-closed', `The connection is closed: ${text}`, { fate, cause });
}
