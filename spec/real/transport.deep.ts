import { mkdtempSync, rmSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import { virtualNetwork } from '../../src/testing/virtual-network.js';
import { tcp } from '../../src/transport/tcp.js';
import { leaveNoHandle } from '../contracts/no-handle-left.js';
import { transportContract } from '../contracts/transport.js';
import { addressContract } from '../contracts/transport-addresses.js';
import { monkeyContract } from '../contracts/transport-monkey.js';

const folder = mkdtempSync(join(tmpdir(), 'rx-'));
afterAll(() => rmSync(folder, { recursive: true }));

leaveNoHandle();

let count = 0;
const open = () => tcp({ probeMs: 50, lingerMs: 300 });
const real = { open, roomBytes: 30_000, bulkBytes: 64 << 20 };
const hasIpv6 = Object.values(networkInterfaces()).some((each) =>
  each?.some(({ address }) => address === '::1'),
);

transportContract('TCP', { ...real, address: () => 0, resets: true });
transportContract('Unix sockets', {
  ...real,
  address: () => ({ path: join(folder, `${count++}.sock`) }),
  resets: false,
});
describe.skipIf(!hasIpv6)('TCP over IPv6', () =>
  addressContract({ ...real, address: () => '[::1]:0', resets: true }),
);

const search = { seed: 1_000, runs: 3_000 };
const same = { bulkBytes: 0, roomBytes: 0, address: () => 0, resets: true };
const path = join(folder, 'monkeys.sock');
const hasty = () => tcp({ probeMs: 20, lingerMs: 300 });

describe('Monkeys on the virtual network', () =>
  monkeyContract({ ...same, open: () => virtualNetwork() }, search));
describe('Monkeys on a narrow virtual network', () =>
  monkeyContract({ ...same, open: () => virtualNetwork({ windowBytes: 77 }) }, { ...search, runs: 300 }));
describe('Monkeys on TCP', () => monkeyContract({ ...same, open: hasty }, search));
describe('Monkeys on Unix sockets', () =>
  monkeyContract({ ...same, open: hasty, address: () => ({ path }), resets: false }, search));
