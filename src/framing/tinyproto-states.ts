import type { ProtocolErrorCode } from '../errors.js';

/**
 * tinyproto's handshake, as tables: in this state, on this event, do that and be there. `Handshake` is these tables at work, `TinyprotoMachine` finds the events,
 * and the diagrams of the docs are made from them. What is not in a table cannot happen, or means nothing.
 *
 * One connection is in one state of each of three tables:
 *
 *     life     how far the connection is: opening, open, closing, ended
 *     ours     what has become of the frames that we have begun
 *     theirs   where in the peer's bytes we are
 *
 * Both sides speak at once, so a byte means nothing by itself: `ff` may be an answer or the first byte of a payload. One invariant tells them apart: in each
 * direction a payload follows its own header directly, and signals stand only between frames. `ours` keeps it on the way out (`asking`: nothing may be
 * written until the payload has followed), `theirs` relies on it on the way in.
 */

/** What a step does; `Handshake` has a method of each name. They are done in order, in the new state. */
export type Action =
  /** `life`: our `ff`; tell that the connection is open; drop what is unread; answer what came whole, before our FIN. */
  | 'writeOpening'
  | 'announce'
  | 'dropUnread'
  | 'answerWhole'
  /** `ours`: parts of the newest frame go out; the oldest frame has its outcome; no frame will have one any more. */
  | 'writeHeader'
  | 'writePayload'
  | 'taken'
  | 'refused'
  | 'forget'
  /** `theirs`: an answer is due; what may be answered now is; everything is answered whatever the credit; a message is complete. */
  | 'oweOk'
  | 'oweRefusal'
  | 'answer'
  | 'answerAll'
  | 'deliver';

/** What the tables themselves can find wrong. */
export type Fault = Extract<
  ProtocolErrorCode,
  | 'bad-opening'
  | 'opening-refused'
  | 'connection-limit'
  | 'conflict'
  | 'cut-short'
  | 'collision'
  | 'unexpected-signal'
  | 'unexpected-answer'
  | 'too-many-unanswered'
  | 'message-too-large'
  | 'inbox-overflow'
>;

/** One cell of a table: what is done, and where one is then; or, with `fail`, what ends the connection. */
export type Step<State extends string> =
  | { readonly next: State; readonly do?: readonly Action[]; readonly fail?: never }
  | { readonly next?: never; readonly do?: readonly Action[]; readonly fail: Fault };

export type Table<State extends string, Event extends string> = {
  readonly [S in State]: { readonly [E in Event]?: Step<State> };
};

export type Life = 'fresh' | 'opening' | 'open' | 'closing' | 'left' | 'ended' | 'over';
export type LifeEvent =
  /** Ours: the conversation begins; no more messages are wanted; FIN goes out; it is over, by a fault or by `release`. */
  | 'start'
  | 'close'
  | 'end'
  | 'over'
  /** Theirs: the opening byte, and FIN. */
  | 'ok'
  | 'full'
  | 'conflict'
  | 'error'
  | 'foreign'
  | 'theirEnd';

export const life: Table<Life, LifeEvent> = {
  fresh: {
    start: { next: 'opening', do: ['writeOpening'] },
    close: { next: 'ended' },
    over: { next: 'over' },
  },
  // Each side writes its own byte without waiting for the other's. What stands behind theirs is frames.
  opening: {
    ok: { next: 'open', do: ['announce'] },
    full: { fail: 'connection-limit' },
    conflict: { fail: 'conflict' },
    error: { fail: 'opening-refused' },
    foreign: { fail: 'bad-opening' },
    theirEnd: { fail: 'cut-short' },
    close: { next: 'ended' },
    over: { next: 'over' },
  },
  open: {
    close: { next: 'closing', do: ['dropUnread', 'answer'] },
    theirEnd: { next: 'left' },
    over: { next: 'over' },
  },
  // What we have begun or queued still goes out; what comes is accepted, so that the peer's sends settle, and dropped.
  closing: {
    end: { next: 'ended', do: ['answerWhole'] },
    theirEnd: { next: 'left' },
    over: { next: 'over' },
  },
  // The peer has sent FIN: nothing of ours can be answered any more, but what we owe is, as it is consumed.
  left: {
    close: { next: 'left', do: ['dropUnread'] },
    end: { next: 'ended', do: ['answerWhole'] },
    over: { next: 'over' },
  },
  // Our FIN may go out. What comes is read, because a socket destroyed with unread bytes makes the kernel send RST, and dropped.
  ended: {
    over: { next: 'over' },
  },
  over: {},
};

export type Ours = 'idle' | 'asking' | 'told';
export type OursEvent =
  /** We begin a frame: header only, or payload and all (it is empty, or goes early, or into a tie). */
  | 'ask'
  | 'tell'
  /** A header of theirs is complete. */
  | 'theirHeader'
  /** An answer to our last frame, or to one before others. */
  | 'ok'
  | 'okEarlier'
  | 'refusal'
  | 'refusalEarlier'
  | 'otherSignal'
  | 'theirEnd';

export const oursInFullDuplex: Table<Ours, OursEvent> = {
  // None of our frames is unanswered.
  idle: {
    ask: { next: 'asking', do: ['writeHeader'] },
    tell: { next: 'told', do: ['writeHeader', 'writePayload'] },
    theirHeader: { next: 'idle' },
    ok: { fail: 'unexpected-answer' },
    refusal: { fail: 'unexpected-answer' },
    otherSignal: { fail: 'unexpected-signal' },
    theirEnd: { next: 'idle' },
  },
  // The header of our newest frame is out and its payload is not: nothing else may be written, not even an answer.
  asking: {
    // A tie: the two headers have crossed. Each side sees it, each sends its payload at once, and neither waits for the other.
    theirHeader: { next: 'told', do: ['writePayload'] },
    ok: { next: 'idle', do: ['writePayload', 'taken'] },
    okEarlier: { next: 'asking', do: ['taken'] },
    refusal: { next: 'idle', do: ['refused'] },
    refusalEarlier: { next: 'asking', do: ['refused'] },
    otherSignal: { fail: 'unexpected-signal' },
    theirEnd: { next: 'idle', do: ['forget'] },
  },
  // All that we have begun is out whole; some of it is unanswered.
  told: {
    ask: { next: 'asking', do: ['writeHeader'] },
    tell: { next: 'told', do: ['writeHeader', 'writePayload'] },
    theirHeader: { next: 'told' },
    ok: { next: 'idle', do: ['taken'] },
    okEarlier: { next: 'told', do: ['taken'] },
    refusal: { next: 'idle', do: ['refused'] },
    refusalEarlier: { next: 'told', do: ['refused'] },
    otherSignal: { fail: 'unexpected-signal' },
    theirEnd: { next: 'idle', do: ['forget'] },
  },
};

/** The Python original takes a header that crosses its own for a refusal, and is lost. We can only see that it happened. */
export const oursInHalfDuplex: Table<Ours, OursEvent> = {
  idle: oursInFullDuplex.idle,
  asking: { ...oursInFullDuplex.asking, theirHeader: { fail: 'collision' } },
  told: { ...oursInFullDuplex.told, theirHeader: { fail: 'collision' } },
};

export type Theirs = 'between' | 'header' | 'payload' | 'dropped' | 'skipped' | 'refused';
export type TheirsEvent =
  /** A byte that is no signal. */
  | 'begins'
  /** The header is complete, and says: a message, an empty one, one that nobody wants any more. */
  | 'message'
  | 'empty'
  | 'unwanted'
  /** It is above our limit: in a tie; without one, above what may come early; without one, so small that it may be here already. */
  | 'tooLargeTied'
  | 'tooLarge'
  | 'tooLargeAndMaybeHere'
  /** It is one more than 64, or more than the inbox must take. */
  | 'oneTooMany'
  | 'overflow'
  /** The last byte of the payload is here. */
  | 'whole'
  /** Ours: close, a frame of ours begins while theirs is unanswered, and the refusal goes out. */
  | 'close'
  | 'tie'
  | 'refusalOut'
  | 'theirEnd';

export const theirs: Table<Theirs, TheirsEvent> = {
  between: {
    begins: { next: 'header' },
    close: { next: 'between' },
    tie: { next: 'between' },
    theirEnd: { next: 'between' },
  },
  header: {
    message: { next: 'payload', do: ['oweOk', 'answer'] },
    empty: { next: 'between', do: ['oweOk', 'deliver', 'answer'] },
    unwanted: { next: 'dropped', do: ['oweOk', 'answer'] },
    // A tie commits their payload, whatever we answer: it comes, once, and we skip it.
    tooLargeTied: { next: 'skipped', do: ['oweRefusal', 'answer'] },
    tooLarge: { next: 'refused', do: ['oweRefusal', 'answer'] },
    // The bytes behind this header are its payload or the next header, and nothing tells which. So we answer, and end.
    tooLargeAndMaybeHere: { do: ['oweRefusal', 'answerAll'], fail: 'message-too-large' },
    oneTooMany: { fail: 'too-many-unanswered' },
    overflow: { fail: 'inbox-overflow' },
    close: { next: 'header' },
    tie: { next: 'header' },
    theirEnd: { fail: 'cut-short' },
  },
  payload: {
    whole: { next: 'between', do: ['deliver'] },
    overflow: { fail: 'inbox-overflow' },
    close: { next: 'dropped' },
    tie: { next: 'payload' },
    theirEnd: { fail: 'cut-short' },
  },
  // A message that came after `close`.
  dropped: {
    whole: { next: 'between', do: ['deliver'] },
    tie: { next: 'dropped' },
    theirEnd: { fail: 'cut-short' },
  },
  // A refused message whose payload was due all the same.
  skipped: {
    whole: { next: 'between' },
    close: { next: 'skipped' },
    tie: { next: 'skipped' },
    theirEnd: { fail: 'cut-short' },
  },
  // A refused message whose refusal waits behind OKs that we withhold. No payload is due, unless a tie arises before the refusal is out.
  refused: {
    begins: { fail: 'message-too-large' },
    tie: { next: 'skipped' },
    refusalOut: { next: 'between' },
    close: { next: 'refused' },
    theirEnd: { next: 'between' },
  },
};
