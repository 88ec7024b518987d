import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import { virtualNetwork } from '../../src/testing/virtual-network.js';
import { tcp } from '../../src/transport/tcp.js';
import { monkeyContract } from '../contracts/transport-monkey.js';

const folder = mkdtempSync(join(tmpdir(), 'rx-'));
afterAll(() => rmSync(folder, { recursive: true }));

const search = { seed: 1_000, runs: 3_000 };
const same = { bulkBytes: 0, roomBytes: 0, address: () => 0, resets: true };
const path = join(folder, 'monkeys.sock');
const real = () => tcp({ probeMs: 20, lingerMs: 300 });

describe('The virtual network', () => monkeyContract({ ...same, open: () => virtualNetwork() }, search));
describe('A narrow virtual network', () =>
  monkeyContract({ ...same, open: () => virtualNetwork({ windowBytes: 77 }) }, { ...search, runs: 300 }));
describe('TCP', () => monkeyContract({ ...same, open: real }, search));
describe('Unix sockets', () =>
  monkeyContract({ ...same, open: real, address: () => ({ path }), resets: false }, search));
