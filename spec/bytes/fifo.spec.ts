import { describe, expect, it } from 'vitest';
import { Fifo, noQueue, queued } from '../../src/bytes/fifo.js';
import { heapBytes } from '../helpers/memory.js';

const numbers = (count: number) => Array.from({ length: count }, (_, at) => at);

describe('Fifo', () => {
  it('keeps the order while it grows, shrinks and goes round', () => {
    const queue = new Fifo<number>();
    const plain: number[] = [];
    for (const at of numbers(5_000)) {
      queue.push(at);
      plain.push(at);
      if (at % 3 > 0) expect(queue.shift()).toBe(plain.shift());
    }
    expect([...queue]).toEqual(plain);
    expect([queue.at(0), queue.at(plain.length)]).toEqual([plain[0], undefined]);
    expect(queue.drain()).toEqual(plain);
    expect([queue.length, queue.shift()]).toEqual([0, undefined]);
  });

  it('goes on from the beginning when a long one has run empty, and has let go of its places', async () => {
    const queue = new Fifo<number>();
    const before = await heapBytes();
    for (const at of numbers(1_000_000)) queue.push(at);
    while (queue.length > 0) queue.shift();
    expect((await heapBytes()) - before).toBeLessThan(2e6); // there were places for a million, of four or eight bytes
    queue.push(1);
    expect([...queue]).toEqual([1]);
  });

  it('is made by its first item', () => {
    const own = queued<number>(noQueue, 1);
    expect([own === noQueue, noQueue.length]).toEqual([false, 0]);
    expect([queued(own, 2) === own, ...own]).toEqual([true, 1, 2]);
  });
});
