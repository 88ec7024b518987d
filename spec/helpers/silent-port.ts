import type { StreamingPort } from '../../src/framing/framing.js';
import type { TinyprotoBodiesPort } from '../../src/framing/tinyproto-port.js';

/** The surroundings of a machine of which only its answers matter. */
export const silent: StreamingPort = {
  settings: { messageTimeoutMs: Number.POSITIVE_INFINITY },
  traffic: { bytesIn: 0, messagesIn: 0 },
  held: 0,
  out: { write: () => {}, outcome: () => {} },
  ready: () => {},
  fail: () => {},
  await: () => {},
  turn: () => {},
  writeBody: () => {},
  destroy: () => {},
};

/** The same for a conversation. */
export const silentConversation: TinyprotoBodiesPort = {
  write: () => {},
  opened: () => {},
  outcome: () => {},
  fail: () => {},
  await: () => {},
  settle: () => {},
  writeBody: () => {},
};
