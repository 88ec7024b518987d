import { DEFAULT_MAX_MESSAGE_BYTES } from '../framing/limits.js';
import type { WebSocketOptions } from './ws-options.js';

/** How long the other side may take to hang up after both close frames. */
const closeTimeout = 10_000;

/** What `ws` is told, whichever side it is on. */
export function wsSettings({
  maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES,
  compress = false,
}: WebSocketOptions) {
  return { maxPayload: maxMessageBytes, perMessageDeflate: compress, closeTimeout };
}
