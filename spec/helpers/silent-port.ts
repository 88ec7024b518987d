import type { StreamingPort } from '../../src/framing/framing.js';
import { roadless } from '../../src/framing/reading.js';
import type { TinyprotoBodiesPort } from '../../src/framing/tinyproto-port.js';

/** The surroundings of a machine of which only its answers matter, though it may have bodies to write. */
export const silent: StreamingPort = {
  ...roadless,
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
