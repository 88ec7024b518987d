import { tcp } from '../../src/transport/tcp.js';
import { leaveNoHandle } from '../contracts/no-handle-left.js';
import { transportContract } from '../contracts/transport.js';

leaveNoHandle();

// More bytes than the kernel has room for, and no more than that: the large volumes, IPv6 and Unix sockets are in `transport.deep.ts`.
transportContract('TCP', {
  open: () => tcp({ probeMs: 50, lingerMs: 300 }),
  address: () => 0,
  resets: true,
  roomBytes: 30_000,
  bulkBytes: 20 << 20,
  wires: 100,
  monkeys: 30,
});
