import { DEFAULT_MAX_MESSAGE_BYTES, limit } from '../framing/limits.js';
import type { WebSocketOptions } from './ws-options.js';

/** How long the other side may take to hang up after both close frames. */
const closeTimeout = 10_000;

const limits = ['maxMessageBytes', 'handshakeTimeoutMs', 'pingMs', 'probeMs', 'lingerMs'] as const;

/** Throws a `TypeError` or a `RangeError` for limits that are none: Node takes some of them for no limit, or for no time at all. */
export function demandLimits(options: WebSocketOptions): void {
  for (const name of limits) if (options[name] !== undefined) limit(name, options[name], 1);
}

/** What `ws` is told, whichever side it is on. */
export function wsSettings({
  maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES,
  compress = false,
}: WebSocketOptions) {
  return { maxPayload: maxMessageBytes, perMessageDeflate: compress, closeTimeout };
}
