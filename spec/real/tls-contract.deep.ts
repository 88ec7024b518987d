import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { tcp } from '../../src/transport/tcp.js';
import { transportContract } from '../contracts/transport.js';
import { authority } from '../helpers/certificates.js';

const folder = mkdtempSync(join(tmpdir(), 'rx-'));
afterAll(() => rmSync(folder, { recursive: true }));

const ca = await authority();
const server = await ca.issue('localhost');
let count = 0;

/** A handshake takes a hundred times what a TCP connection does. */
const same = { roomBytes: 30_000, bulkBytes: 24 << 20, wires: 100 };

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  const tls = { ...server, ca: ca.cert, minVersion: version, maxVersion: version };
  const open = () => tcp({ tls, probeMs: 50, lingerMs: 300 });
  const address = () => ({ path: join(folder, `${count++}.sock`) });
  transportContract(`${version} over TCP`, { ...same, open, address: () => 0, resets: true });
  transportContract(`${version} over Unix sockets`, { ...same, open, address, resets: false });
}
