import { AsyncSubject, type Observable } from 'rxjs';
import { positive } from '../connection/options.js';
import { SendError } from '../errors.js';
import type { Bus, BusState, Letter } from './bus.js';
import { busAway, tooLarge } from './bus-errors.js';
import type { WhileBusAway } from './room.js';

export interface OutgoingOptions {
  readonly whileAway?: WhileBusAway;
  readonly maxQueuedBytes?: number;
  readonly maxQueuedMessages?: number;
}

/** The messages of this process on their way to the bus. */
export interface Outgoing {
  /** Throws a `SendError` where the policy, a bound or the bus would not have a message of so many bytes. */
  admit(bytes: number): void;
  /** Sends a message off, or has it wait. Completes when the bus has it, or it is decided that it never will. */
  add(bytes: Uint8Array): Observable<void>;
  turn(state: BusState): void;
  /** The number of the last message. */
  readonly last: number;
}

interface Waiting {
  readonly letter: Letter;
  readonly outcome: AsyncSubject<void>;
  /** The bus has been given it, and has not said what became of it. */
  flying: boolean;
}

/**
 *     add ─▶ waiting, by number (bounded) ─▶ flying ─▶ the bus has it
 *                  ▲                            │ bus-away
 *                  └────────── 'queue' ─────────┘ 'fail': the send fails; 'local-only': it is over
 *
 * A message that may have arrived flies again under its old number, so that who has it drops the second.
 */
export function outgoing(bus: Bus, subject: string, writer: string, options: OutgoingOptions): Outgoing {
  const { whileAway = 'fail', maxQueuedBytes = 1 << 24, maxQueuedMessages = 1_024 } = options;
  positive('maxQueuedBytes', maxQueuedBytes);
  positive('maxQueuedMessages', maxQueuedMessages);
  if (!policies.has(whileAway))
    throw new TypeError(`whileAway is one of ${[...policies].join(', ')}, not ${whileAway}`);
  const waiting = new Map<number, Waiting>();
  let waitingBytes = 0;
  let state: BusState = { state: 'connecting' };
  let last = 0;
  /** What is added meanwhile has its turn, behind those that wait. */
  let turning = false;

  const settle = (one: Waiting, error?: unknown) => {
    if (!waiting.delete(one.letter.number)) return;
    waitingBytes -= one.letter.bytes.length;
    if (error !== undefined) one.outcome.error(error);
    else {
      one.outcome.next();
      one.outcome.complete();
    }
  };

  /** It is on no way any more, and the policy says what that means. */
  const ground = (one: Waiting, error: unknown) => {
    one.flying = false;
    if (whileAway === 'queue') return;
    settle(one, whileAway === 'fail' ? error : undefined);
  };

  const fly = (one: Waiting) => {
    one.flying = true;
    bus.publish(subject, one.letter).subscribe({
      error: (error) => (isAway(error) ? ground(one, error) : settle(one, error)),
      complete: () => settle(one),
    });
  };

  /** On its way, or on none, as the bus stands. */
  const launch = (one: Waiting) => {
    if (state.state === 'up') fly(one);
    else if (state.state === 'away') ground(one, busAway('not-sent', state.error));
  };

  return {
    admit(bytes) {
      if (state.state === 'away' && whileAway === 'fail') throw busAway('not-sent', state.error);
      if (state.state === 'up' && bytes > state.maxLetterBytes) throw tooLarge(bytes, state.maxLetterBytes);
      const fits = waiting.size === 0 || waitingBytes + bytes <= maxQueuedBytes;
      if (!fits || waiting.size >= maxQueuedMessages) throw full(waiting.size, waitingBytes);
    },
    add(bytes) {
      last++;
      const one: Waiting = {
        letter: { from: writer, number: last, bytes },
        outcome: new AsyncSubject(),
        flying: false,
      };
      waiting.set(last, one);
      waitingBytes += bytes.length;
      if (!turning) launch(one);
      return one.outcome;
    },
    turn(next) {
      state = next;
      turning = true;
      for (const one of waiting.values()) if (!one.flying) launch(one);
      turning = false;
    },
    get last() {
      return last;
    },
  };
}

const policies: ReadonlySet<WhileBusAway> = new Set(['fail', 'local-only', 'queue']);

function isAway(error: unknown): boolean {
  return error instanceof SendError && error.code === 'bus-away';
}

function full(messages: number, bytes: number): SendError {
  const text = `${messages} messages, ${bytes} bytes, wait for the bus`;
  return new SendError('queue-full', text, { fate: 'not-sent' });
}
