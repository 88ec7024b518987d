import type { Conversation } from './tinyproto-conversation.js';
import { REFUSAL } from './tinyproto-conversation.js';
import type { Rules } from './tinyproto-options.js';

/**
 * Whether the oldest answer that we owe may be given. `starting`: a frame of ours is about to begin.
 *
 * `slots` messages may be granted and not consumed, and `extraSlots` more while a frame of ours waits for its own answer: otherwise two sides that answer from
 * inside their handlers would wait for each other. While closing nothing is kept, so everything is granted that our flush may wait for.
 */
export function mayAnswer(s: Conversation, rules: Rules, starting: boolean): boolean {
  if (s.life === 'over') return false;
  if (s.owed[0] === REFUSAL) return true;
  const sending = starting || s.unanswered > 0;
  if (s.life === 'closing') return sending || rules.half;
  return s.granted < rules.slots + (sending ? rules.extraSlots : 0);
}

/**
 * Whether a stream's next frame must wait: no slot of our own is free. Its answers would come on top of what is here, and without this gate streams and
 * answers on both sides fill both inboxes, and stick. A single message, as a handler sends, goes on.
 */
export function holdsStreams(s: Conversation, rules: Rules): boolean {
  return s.life === 'open' && (s.owed.length > 0 || s.granted >= rules.slots);
}

/** Half duplex grants everything at once, so the unconsumed have a bound of their own. */
export function isOverflownBy(size: number, s: Conversation, rules: Rules): boolean {
  const unconsumed = s.granted + s.owed.length;
  if (unconsumed === 0 || s.life !== 'open') return false;
  return unconsumed >= rules.maxUnconsumedMessages || s.unconsumedBytes + size > rules.maxUnconsumedBytes;
}

/** Full duplex: what ties and early frames bring beyond the credit is bounded in bytes, but for a single message. */
export function isOverrun(s: Conversation, rules: Rules): boolean {
  if (s.owed.length < 2) return false;
  const ungranted = s.owed.reduce((sum, debt) => sum + Math.max(debt, 0), 0);
  return ungranted > s.size && ungranted > rules.maxUnconsumedBytes;
}

/**
 * Whether the next frame of theirs may be taken in one step: all of it is here, nothing that was owed before it holds back its answer, and nothing of ours comes between. More has to be
 * asked of an empty one, of one that is too large, and in half duplex of each.
 */
export function mayTakeWhole(s: Conversation, rules: Rules): boolean {
  const isPlain =
    s.life === 'open' && s.theirs === 'between' && s.ours !== 'asking' && !s.writing && !rules.half;
  if (!isPlain || s.owed.length > 0 || s.bytes.length < 4) return false;
  const size = s.bytes.peekUint32(0);
  return size > 0 && size <= rules.maxMessageBytes && size <= rules.earlyBytes && size + 4 <= s.bytes.length;
}
