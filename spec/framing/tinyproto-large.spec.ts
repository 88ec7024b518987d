import { describe, expect, it } from 'vitest';
import { bytesCopiedBy } from '../helpers/bytes-copied.js';
import { Talk } from '../helpers/handshake-talk.js';

const KIB = 1_024;
const MIB = 1_024 * KIB;

describe('a large message', () => {
  it('of 64 MiB in chunks of 64 KiB is copied once', () => {
    expect(bytesCopiedBy(() => deliver(64 * MIB, 64 * KIB))).toBe(64 * MIB);
  });

  it('in one chunk with its header is not copied at all', () => {
    const talk = Talk.open();
    const chunk = new Uint8Array(4 + MIB);
    chunk[1] = 0x10;
    expect(bytesCopiedBy(() => talk.machine.receive(chunk))).toBe(0);
    expect(talk.machine.read()?.buffer).toBe(chunk.buffer);
  });

  it('in chunks of one byte is copied twice at most, for any size', () => {
    for (const size of [MIB / 2, MIB])
      expect(bytesCopiedBy(() => deliver(size, 1))).toBeLessThanOrEqual(2 * size);
  });

  it('in chunks of one byte takes less than twice its size until it is complete', () => {
    const before = process.memoryUsage().arrayBuffers;
    const talk = Talk.open({ maxMessageBytes: 2 * MIB }).receive('00200000');
    const byte = new Uint8Array(1);
    for (let i = 0; i < 2 * MIB - 1; i += 1) talk.machine.receive(byte);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * MIB);
    expect(talk.machine.unreadBytes).toBe(2 * MIB - 1);
  });

  it('arms its deadline once, in however many chunks it comes', () => {
    const talk = deliver(MIB, 100);
    expect(talk.armed).toBe(1);
  });
});

function deliver(size: number, cut: number): Talk {
  const talk = Talk.open({ maxMessageBytes: size });
  talk.receive(size.toString(16).padStart(8, '0'));
  const chunk = new Uint8Array(cut);
  for (let left = size; left > 0; left -= cut)
    talk.machine.receive(left < cut ? chunk.slice(0, left) : chunk);
  expect(talk.machine.read()?.length).toBe(size);
  return talk;
}
