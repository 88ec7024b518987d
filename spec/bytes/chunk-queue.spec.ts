import { describe, expect, it } from 'vitest';
import { ChunkQueue } from '../../src/bytes/chunk-queue.js';

describe('ChunkQueue', () => {
  it('gives back the chunks as they came, and counts their bytes', () => {
    const queue = new ChunkQueue();
    const chunks = [1, 2, 3].map((size) => new Uint8Array(size));
    for (const chunk of chunks) queue.push(chunk);
    expect(queue.unreadBytes).toBe(6);
    expect(queue.shift()).toBe(chunks[0]);
    expect(queue.unreadBytes).toBe(5);
    expect(queue.rest()).toEqual(chunks.slice(1));
    expect([queue.unreadBytes, queue.shift()]).toEqual([0, undefined]);
  });

  it('keeps the order while it grows and shrinks', () => {
    const queue = new ChunkQueue();
    let pushed = 0;
    let shifted = 0;
    for (let round = 0; round < 300; round += 1) {
      for (let more = 0; more < 3; more += 1) queue.push(Uint8Array.of(pushed++ % 256));
      for (let less = 0; less < 2; less += 1) expect(queue.shift()).toEqual(Uint8Array.of(shifted++ % 256));
    }
    expect(queue.unreadBytes).toBe(pushed - shifted);
    for (const chunk of queue.rest()) expect(chunk).toEqual(Uint8Array.of(shifted++ % 256));
    expect(shifted).toBe(pushed);
  });
});
