import type { StreamingPort } from '../../src/framing/framing.js';

/** The surroundings of a machine of which only its answers matter. */
export const silent: StreamingPort = {
  write: () => {},
  opened: () => {},
  outcome: () => {},
  fail: () => {},
  await: () => {},
  settle: () => {},
  writeBody: () => {},
};
