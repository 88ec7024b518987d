import { ByteQueue } from '../bytes/byte-queue.js';
import { type Fifo, noQueue } from '../bytes/fifo.js';
import type { Frame } from '../outbox/frame.js';
import type { TinyprotoWait } from './tinyproto-port.js';
import type { Life, Ours, Theirs } from './tinyproto-states.js';

/** Stands in `owed` for a refusal; any other entry is the size of a message that is to be granted. */
export const REFUSAL = -1;

/** All that one end of a connection remembers, and nothing else: so that a model check can copy it and compare it. */
export interface Conversation {
  life: Life;
  ours: Ours;
  theirs: Theirs;

  /** Frames of ours without an outcome. Outcomes come in order, so a number is enough. */
  unanswered: number;
  /** The newest of them, while its payload is not out. */
  asked: Frame | undefined;
  /** How many have had an outcome: tells one wait for an answer from the next. */
  answered: number;

  /** What has come and is not understood yet. */
  readonly bytes: ByteQueue;
  /** Frames of theirs whose header has come: tells one from the next. */
  headers: number;
  /** The newest of them: its size, how much of a payload that nobody wants is still to come, and whether the payload must come now. */
  size: number;
  missing: number;
  due: boolean;
  /** Where bodies are streams: its payload is not collected, and whether somebody has begun to read it; their FIN waits behind it. */
  streamed: boolean;
  headRead: boolean;
  endWaits: boolean;
  /** Where bodies are streams: one of ours is on its way. */
  writing: boolean;

  /** Answers that we have not given, oldest first: a message's size, or `REFUSAL`. */
  readonly owed: number[];
  /** Messages that we have granted, less those that were consumed. */
  granted: number;
  /** Complete messages, oldest first, and their bytes. */
  inbox: Fifo<Uint8Array>;
  inboxBytes: number;
  /** Sizes of the messages that were read and are not consumed. Whoever consumes does not say which, so the oldest is taken to be it. */
  handed: Fifo<number>;
  /** Bytes of all messages from header to consumption. */
  unconsumedBytes: number;

  /** Chunks taken, messages consumed: what shows that something moves. */
  chunks: number;
  consumptions: number;
  /** Half duplex: nothing has come for `quietMs`. */
  quiet: boolean;
  /** Which wait of each kind the port has been told of, by a number of its own; 0 is none. */
  readonly armed: Record<TinyprotoWait, number>;

  droppedMessages: number;
  droppedBytes: number;
}

export function newConversation(): Conversation {
  return {
    life: 'fresh',
    ours: 'idle',
    theirs: 'between',
    unanswered: 0,
    asked: undefined,
    answered: 0,
    bytes: new ByteQueue(),
    headers: 0,
    size: 0,
    missing: 0,
    due: false,
    streamed: false,
    headRead: false,
    endWaits: false,
    writing: false,
    owed: [],
    granted: 0,
    inbox: noQueue,
    inboxBytes: 0,
    handed: noQueue,
    unconsumedBytes: 0,
    chunks: 0,
    consumptions: 0,
    quiet: false,
    armed: { opening: 0, header: 0, payload: 0, answer: 0, 'mutual-hold': 0, quiet: 0 },
    droppedMessages: 0,
    droppedBytes: 0,
  };
}
