import type { WebSocketOptions } from '../../../src/websocket/browser.js';
import { transportContract } from '../../contracts/transport.js';
import { pageTransport, type Role } from './far-wires.js';
import { bringNode } from './node-in-page.js';
import { runAll } from './vitest-in-page.js';

/** Runs the contract of transports in this page. Gives what became of each test, by its name. */
async function run(options: WebSocketOptions, role: Role, skip: Record<string, string>) {
  const transport = await pageTransport(options, role);
  transportContract('a page', {
    open: () => transport,
    address: () => 0,
    resets: true,
    halfClose: false,
    roomBytes: 30_000,
    bulkBytes: 6 << 20,
    wires: 50,
    monkeys: 30,
  });
  return runAll(skip);
}

bringNode();
Object.assign(globalThis, { runContract: run });
