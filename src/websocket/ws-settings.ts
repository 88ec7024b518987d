import { DEFAULT_MAX_MESSAGE_BYTES, limit } from '../framing/limits.js';
import { timerMs } from '../time.js';
import type { WebSocketOptions } from './ws-options.js';

const limits = [
  'maxMessageBytes',
  'handshakeTimeoutMs',
  'closeTimeoutMs',
  'pingMs',
  'probeMs',
  'lingerMs',
] as const;

/** Throws a `TypeError` or a `RangeError` for limits that are none: Node takes some of them for no limit, or for no time at all. */
export function demandLimits(options: WebSocketOptions): void {
  for (const name of limits) if (options[name] !== undefined) limit(name, options[name], 1);
}

/** What `ws` is told, whichever side it is on. */
export function wsSettings({
  maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES,
  compress = false,
  closeTimeoutMs = 10_000,
}: WebSocketOptions) {
  return {
    maxPayload: maxMessageBytes,
    perMessageDeflate: compress,
    closeTimeout: timerMs(closeTimeoutMs),
  };
}
