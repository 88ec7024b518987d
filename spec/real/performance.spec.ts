import { expect, it } from 'vitest';
import { allocations } from '../helpers/performance.js';

it('A message of a stream costs a bounded number of bytes to collect, and leaves with others in one write', async (test) => {
  const { heap, buffers, writes } = await allocations(test, 'oneWay', {}, { rounds: 2 });
  expect(heap).toBeLessThan(320);
  expect(buffers).toBeLessThan(145);
  expect(writes).toBeLessThan(0.01);
});
