import type { Conversation } from './tinyproto-conversation.js';
import type { Rules } from './tinyproto-options.js';
import type { TinyprotoPort, TinyprotoWait } from './tinyproto-port.js';

/**
 * Tells the port which deadlines run now. It is called once at the end of whatever happened, so that a frame that comes and goes within one chunk arms nothing.
 *
 * Deadlines measure what a live peer cannot withhold. An OK can be withheld, and that alone may last; that both sides withhold may not, since then nobody
 * can move the other. Each wait has a number, and a new number restarts its deadline.
 */
export function watch(s: Conversation, rules: Rules, port: TinyprotoPort): void {
  const talking = s.life === 'open' || s.life === 'closing';
  arm(s, port, 'opening', s.life === 'opening' ? 1 : 0, rules.openingTimeoutMs);
  arm(s, port, 'header', talking && s.theirs === 'header' ? s.headers + 1 : 0, rules.headerTimeoutMs);
  arm(s, port, 'payload', talking && payloadIsDue(s) ? payloadNumber(s) : 0, payloadMs(s, rules));
  arm(s, port, 'answer', talking && s.unanswered > 0 ? s.answered + 1 : 0, rules.okTimeoutMs);
  // Every chunk of theirs and every message consumed here may end a mutual hold, so either restarts it.
  arm(
    s,
    port,
    'mutual-hold',
    talking && isHeldBothWays(s) ? s.chunks + s.consumptions : 0,
    rules.mutualHoldTimeoutMs,
  );
  if (rules.half) arm(s, port, 'quiet', talking && rules.quietMs > 0 ? s.chunks : 0, rules.quietMs);
}

function arm(s: Conversation, port: TinyprotoPort, wait: TinyprotoWait, number: number, ms: number): void {
  if (s.armed[wait] === number || ms === Infinity) return;
  s.armed[wait] = number;
  if (number === 0) port.settle(wait);
  else port.await(wait, ms);
}

/** A payload must come when it was granted or tied, and when it has begun early. */
function payloadIsDue(s: Conversation): boolean {
  // While bytes of a streamed one are unread, it is us who are slow.
  if (s.streamed && s.bytes.length > 0) return false;
  return s.due && (s.theirs === 'payload' || s.theirs === 'dropped' || s.theirs === 'skipped');
}

/** A streamed payload is waited for as long as it moves: each part restarts the deadline. One that is no longer streamed begins anew. */
function payloadNumber(s: Conversation): number {
  return s.streamed ? -s.chunks : s.headers;
}

function payloadMs(s: Conversation, rules: Rules): number {
  if (s.streamed) return rules.payloadTimeoutMs;
  return rules.payloadTimeoutMs + Math.ceil((s.size / rules.payloadFloorBytesPerSecond) * 1_000);
}

/** What is owed here is owed because it is withheld: everything else has been answered by now, unless a body of ours is still on its way. */
function isHeldBothWays(s: Conversation): boolean {
  return s.owed.length > 0 && s.unanswered > 0 && !s.writing;
}
