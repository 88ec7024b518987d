import { mkdtempSync, rmSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe } from 'vitest';
import { tcp } from '../../src/transport/tcp.js';
import { transportContract } from '../contracts/transport.js';
import { addressContract } from '../contracts/transport-addresses.js';
import { until } from '../contracts/wires.js';

const folder = mkdtempSync(join(tmpdir(), 'rx-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What keeps a process alive: sockets, listeners, look-ups, timers. The runner has some of its own. */
function handles(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

let before: Record<string, number>;
beforeEach(() => {
  before = handles();
});
afterEach(async () => {
  const left = () =>
    Object.entries(handles()).filter(([name, count]) => count > (before[name] ?? 0) && name !== 'Immediate');
  await until(
    () => left().length === 0,
    `no handle is left, but ${JSON.stringify(handles())} were ${JSON.stringify(before)}`,
    2_000,
  );
});

let count = 0;
const open = () => tcp({ probeMs: 50, lingerMs: 300 });
transportContract('TCP', { open, address: () => 0, resets: true, roomBytes: 30_000, bulkBytes: 64 << 20 });
const hasIpv6 = Object.values(networkInterfaces()).some((each) =>
  each?.some(({ address }) => address === '::1'),
);
describe.skipIf(!hasIpv6)('TCP over IPv6', () =>
  addressContract({ open, address: () => '[::1]:0', resets: true, roomBytes: 30_000, bulkBytes: 0 }),
);
transportContract('Unix sockets', {
  open,
  address: () => ({ path: join(folder, `${count++}.sock`) }),
  resets: false,
  roomBytes: 30_000,
  bulkBytes: 64 << 20,
});
