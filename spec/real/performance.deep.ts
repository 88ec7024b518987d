import { describe, expect, it } from 'vitest';
import { allocations, besideTheLoopByHand } from '../helpers/performance.js';

// Bytes per message, sender and receiver together: what was measured and a tenth. Whoever makes it less, lowers them.
describe('A message of 64 bytes', () => {
  it('costs little where a stream of them is sent', async (test) => {
    const { heap, buffers, writes } = await allocations(test, 'oneWay', {});
    expect(heap).toBeLessThan(163);
    expect(buffers).toBeLessThan(100);
    expect(writes).toBeLessThan(0.01);
  });

  it('costs little where each is sent by itself', async (test) => {
    const { heap, buffers, writes } = await allocations(test, 'oneWay', { sending: 'each' });
    expect(heap).toBeLessThan(665);
    expect(buffers).toBeLessThan(100);
    expect(writes).toBeLessThan(0.01);
  });

  it('costs little on its way there and back, 256 at a time', async (test) => {
    const { heap, buffers, writes } = await allocations(
      test,
      'echo',
      { window: 256 },
      { messages: 25_000, rounds: 8 },
    );
    expect(heap).toBeLessThan(1_265);
    expect(buffers).toBeLessThan(200);
    expect(writes).toBeLessThan(0.01);
  });

  it('costs two writes and little else where it is answered', async (test) => {
    const { heap, buffers, writes } = await allocations(
      test,
      'oneWay',
      { wire: 'tinyproto' },
      { messages: 10_000, rounds: 2 },
    );
    expect(heap).toBeLessThan(6_700);
    expect(buffers).toBeLessThan(152);
    expect(writes).toBeLessThan(2.01);
  });

  it('costs little where answers may be late', async (test) => {
    const { heap, buffers, writes } = await allocations(
      test,
      'oneWay',
      { wire: 'pipelined' },
      { messages: 25_000, rounds: 8 },
    );
    expect(heap).toBeLessThan(570);
    expect(buffers).toBeLessThan(152);
    expect(writes).toBeLessThan(0.04);
  });
});

describe('Beside a loop by hand', () => {
  it.each([
    ['one-way-64', 0.12],
    ['echo-64', 0.12],
  ])('%s makes at least %d of the rate', async (name, least) => {
    expect(await besideTheLoopByHand(name, 3)).toBeGreaterThan(least);
  });
});
