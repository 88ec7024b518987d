import { asapScheduler, asyncScheduler, type SchedulerAction, type SchedulerLike } from 'rxjs';
import { virtualNetwork } from '../../src/testing/virtual-network.js';
import { transportContract } from '../contracts/transport.js';
import { random } from '../contracts/transport-monkey.js';

/** Time runs ten times as fast: what waits for a second here need not wait for it. */
const hurried: SchedulerLike = {
  now: () => asapScheduler.now() * 10,
  schedule: <T>(work: (this: SchedulerAction<T>, state: T) => void, delayMs = 0, state?: T) =>
    asapScheduler.schedule(work as (this: SchedulerAction<T>, state?: T) => void, delayMs / 10, state),
};

const same = { address: () => 0, resets: true, bulkBytes: 1 << 20, roomBytes: 30_000 };

const atRandom = (seed: number) => {
  const dice = random(seed);
  return (chunk: Uint8Array) => {
    const pieces: Uint8Array[] = [];
    for (let rest = chunk; rest.byteLength > 0; ) {
      const size = 1 + dice(3_000);
      pieces.push(rest.subarray(0, size));
      rest = rest.subarray(size);
    }
    return pieces;
  };
};

transportContract('The virtual network, cut at random', {
  ...same,
  open: () => virtualNetwork({ scheduler: hurried, cut: atRandom(7) }),
});
transportContract('The virtual network, far away', {
  ...same,
  bulkBytes: 1 << 18,
  open: () => virtualNetwork({ latencyMs: 1, scheduler: asyncScheduler }),
});
