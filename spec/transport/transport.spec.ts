import { asapScheduler, type SchedulerAction, type SchedulerLike } from 'rxjs';
import { describe } from 'vitest';
import { virtualNetwork } from '../../src/testing/virtual-network.js';
import { transportContract } from '../contracts/transport.js';
import { addressContract } from '../contracts/transport-addresses.js';

/** Time runs ten times as fast: what waits for a second here need not wait for it. */
const hurried: SchedulerLike = {
  now: () => asapScheduler.now() * 10,
  schedule: <T>(work: (this: SchedulerAction<T>, state: T) => void, delayMs = 0, state?: T) =>
    asapScheduler.schedule(work as (this: SchedulerAction<T>, state?: T) => void, delayMs / 10, state),
};

const paths = (() => {
  let count = 0;
  return () => ({ path: `/run/${count++}.sock` });
})();
const same = {
  address: () => 0,
  resets: true,
  bulkBytes: 1 << 20,
  roomBytes: 30_000,
  wires: 200,
  monkeys: 90,
};

transportContract('The virtual network', { ...same, open: () => virtualNetwork({ scheduler: hurried }) });
describe('The virtual network, by paths', () =>
  addressContract({ ...same, open: () => virtualNetwork({ scheduler: hurried }), address: paths }));
transportContract('The virtual network, through a window of 999 bytes', {
  ...same,
  bulkBytes: 1 << 18,
  roomBytes: 999,
  open: () => virtualNetwork({ scheduler: hurried, windowBytes: 999 }),
});
