import { describe, expect, it } from 'vitest';
import { bytesCopiedBy } from '../helpers/bytes-copied.js';
import { Talk } from '../helpers/handshake-talk.js';

const MIB = 1_024 * 1_024;

describe('the largest message of the defaults, byte by byte', () => {
  it('is copied twice at most, and takes at most twice its size', () => {
    const before = process.memoryUsage().arrayBuffers;
    const talk = Talk.open().receive('00800000');
    const byte = new Uint8Array(1);
    const copied = bytesCopiedBy(() => {
      for (let i = 0; i < 8 * MIB; i += 1) talk.machine.receive(byte);
    });
    expect(talk.machine.read()?.length).toBe(8 * MIB);
    expect(copied).toBeLessThanOrEqual(16 * MIB);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(17 * MIB);
  });
});
