/** Options of `tinyproto`. Every limit is finite unless `Infinity` is written, and only waits may be infinite. */
export interface TinyprotoOptions {
  /**
   * Largest message in bytes, sent or received. Default 8 MiB, at most 4,043,309,055 (`f0ffffff`: what begins above it is a signal). A larger one of the
   * peer's is refused; below 65,536 a refusal may have to end the connection, because the wire cannot tell whether the payload is here already.
   */
  readonly maxMessageBytes?: number;
  /** `'full'` (default): the peer is this library, or the talk is in lockstep. `'half'`: the peer is the Python original and either side may begin. */
  readonly duplex?: 'full' | 'half';
  /**
   * Frames that may be unanswered at a time, 1 (default) to 64; in half duplex always 1. Above 1, a message of at most 65,536 bytes takes its payload along,
   * which saves a round trip each. Any peer can receive that, but a Python one must not transmit at the same time.
   */
  readonly window?: number;
  /** Messages that the peer may have delivered here and nobody has consumed, before it is held. Default 1. */
  readonly inboxSlots?: number;
  /**
   * Messages taken beyond `inboxSlots` while a send of ours is unanswered, so that two sides that answer from inside their handlers
   * do not wait for each other. Default `max(8, window)`; at least `window`. Full duplex only. Where both sides stream requests, and answer
   * each with `n` messages, it takes `n * window + (n - 1) * (inboxSlots - 1)`, with the larger window; else they may end by `mutual-hold`.
   */
  readonly extraSlots?: number;
  /** For the peer's opening byte, in milliseconds. Default 5,000. */
  readonly openingTimeoutMs?: number;
  /** For the rest of a header that has begun, in milliseconds. Default 5,000. */
  readonly headerTimeoutMs?: number;
  /** For a payload that is due, in milliseconds, besides the time that its size takes at the floor rate. Default 10,000. */
  readonly payloadTimeoutMs?: number;
  /** Slowest rate at which a payload may come, in bytes per second. Default 16,384. */
  readonly payloadFloorBytesPerSecond?: number;
  /**
   * For the answer to a header of ours, in milliseconds. Default `Infinity` in full duplex, where a withheld answer is flow control and may last;
   * 30,000 in half duplex, where it means that the Python side is lost.
   */
  readonly okTimeoutMs?: number;
  /** How long both sides may withhold their answers from each other while nothing moves, in milliseconds. Default 30,000. */
  readonly mutualHoldTimeoutMs?: number;
  /** Half duplex: how long the peer must have been silent before a frame of ours begins, in milliseconds. Default 100. */
  readonly quietMs?: number;
  /** Half duplex, where every message is taken at once: how many may be unconsumed before the connection ends. Default 1,024. */
  readonly maxUnconsumedMessages?: number;
  /**
   * Bytes that may be unconsumed before the connection ends; a single message always may. Default 16 MiB. In half duplex of all messages; in full duplex
   * only of those that came before we granted them (in ties, or early), because the slots bound the others.
   */
  readonly maxUnconsumedBytes?: number;
  /**
   * Half duplex: hold the peer by its OK, as full duplex does, instead of taking all it sends. Only where this side never sends: a Python client gives up
   * when its OK takes 5 seconds, and our sends would wait behind the messages that we hold. Default false.
   */
  readonly withhold?: boolean;
}

/** The options, complete and checked, as the machine uses them. */
export interface Rules {
  readonly half: boolean;
  readonly maxMessageBytes: number;
  /** The largest payload that may come, or go, right behind its header. Part of the protocol; other values are for the model check. */
  readonly earlyBytes: number;
  readonly window: number;
  readonly slots: number;
  readonly extraSlots: number;
  readonly maxUnconsumedMessages: number;
  readonly maxUnconsumedBytes: number;
  readonly openingTimeoutMs: number;
  readonly headerTimeoutMs: number;
  readonly payloadTimeoutMs: number;
  readonly payloadFloorBytesPerSecond: number;
  readonly okTimeoutMs: number;
  readonly mutualHoldTimeoutMs: number;
  readonly quietMs: number;
}

/** Headers begin with `00` to `f0`; above are signals. */
export const LARGEST_MESSAGE = 0xf0ffffff;
/** What a sender may write behind a header that is not granted yet. Both sides must agree on it: it decides how a refusal is read. */
export const EARLY_BYTES = 65_536;
/** More frames than this without an answer are no window of anybody's. */
export const MOST_UNANSWERED = 64;

/** @throws TypeError for what is no number of the kind, RangeError for one that is too small or too large. */
export function rulesOf(options: TinyprotoOptions): Rules {
  const half = isHalf(options.duplex);
  const window = count(options, 'window', 1, 1, half ? 1 : MOST_UNANSWERED);
  const inboxSlots = count(options, 'inboxSlots', 1, 1);
  const extraSlots = count(options, 'extraSlots', Math.max(8, window), window);
  const withhold = flag(options, 'withhold');
  return {
    half,
    maxMessageBytes: count(options, 'maxMessageBytes', 8 * 1024 * 1024, 0, LARGEST_MESSAGE),
    earlyBytes: EARLY_BYTES,
    window,
    // Half duplex grants at once: a header of theirs that stays open would block our own.
    slots: half && !withhold ? Infinity : inboxSlots,
    extraSlots: half ? 0 : extraSlots,
    maxUnconsumedMessages: count(options, 'maxUnconsumedMessages', 1_024, 1),
    maxUnconsumedBytes: count(options, 'maxUnconsumedBytes', 16 * 1024 * 1024, 0),
    openingTimeoutMs: amount(options, 'openingTimeoutMs', 5_000),
    headerTimeoutMs: amount(options, 'headerTimeoutMs', 5_000),
    payloadTimeoutMs: amount(options, 'payloadTimeoutMs', 10_000),
    payloadFloorBytesPerSecond: amount(options, 'payloadFloorBytesPerSecond', 16 * 1024),
    okTimeoutMs: amount(options, 'okTimeoutMs', half ? 30_000 : Infinity),
    mutualHoldTimeoutMs: amount(options, 'mutualHoldTimeoutMs', 30_000),
    quietMs: quiet(options),
  };
}

function isHalf(duplex: unknown): boolean {
  if (duplex !== undefined && duplex !== 'full' && duplex !== 'half') {
    throw new TypeError(`duplex is 'full' or 'half', not ${String(duplex)}`);
  }
  return duplex === 'half';
}

function flag(options: TinyprotoOptions, name: 'withhold'): boolean {
  const value: unknown = given(options[name], false);
  if (typeof value !== 'boolean') throw new TypeError(`${name} is true or false, not ${String(value)}`);
  return value;
}

function quiet(options: TinyprotoOptions): number {
  return options.quietMs === 0 ? 0 : amount(options, 'quietMs', 100);
}

/** Only what is absent has a default: a `null` is no number of anything. */
function given(value: unknown, otherwise: unknown): unknown {
  return value === undefined ? otherwise : value;
}

type Name = Exclude<keyof TinyprotoOptions, 'duplex' | 'withhold'>;

/** A whole number from `least` to `most`. */
function count(
  options: TinyprotoOptions,
  name: Name,
  otherwise: number,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): number {
  const value = given(options[name], otherwise);
  if (typeof value !== 'number' || !(Number.isInteger(value) || Math.abs(value) === Infinity)) {
    throw new TypeError(`${name} is a whole number, not ${String(value)}`);
  }
  if (value < least || value > most)
    throw new RangeError(`${name} is from ${least} to ${most}, not ${value}`);
  return value;
}

/** A number above 0, `Infinity` included. */
function amount(options: TinyprotoOptions, name: Name, otherwise: number): number {
  const value = given(options[name], otherwise);
  if (typeof value !== 'number' || Number.isNaN(value))
    throw new TypeError(`${name} is a number, not ${String(value)}`);
  if (value <= 0) throw new RangeError(`${name} is above 0, not ${value}`);
  return value;
}
