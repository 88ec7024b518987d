import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ByteSearch } from '../../src/bytes/byte-search.js';
import { JsonScanner } from '../../src/framing/json-scanner.js';
import { lengthPrefixed } from '../../src/framing/length-prefixed.js';
import { bytesCopiedBy } from '../helpers/bytes-copied.js';
import { frameOf } from '../helpers/decoded.js';
import { carry, large } from '../helpers/large-messages.js';
import { Bench } from '../helpers/machine-bench.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/** How many bytes those look at who search for the end of a message. */
function countLooks(): () => number {
  let bytes = 0;
  for (const { prototype } of [ByteSearch, JsonScanner] as const) {
    const { look } = prototype;
    vi.spyOn(prototype, 'look').mockImplementation(function (this: never, chunk, start, end) {
      bytes += end - start;
      return look.call(this, chunk, start, end);
    });
  }
  onTestFinished(() => void vi.restoreAllMocks());
  return () => bytes;
}

describe.each(Object.entries(large))('%s', (_, make) => {
  it('copies each byte of a message three times at most when they come one by one', () => {
    const bytes = 128 * KIB;
    const [framing, message] = make(bytes);
    const copied = bytesCopiedBy(() => expect(carry(framing, message, 1)).toBe(bytes));
    // Once for the frame that is sent, once to collect, once to put the message together.
    expect(copied).toBeLessThanOrEqual(3.1 * bytes);
  });

  it('looks at each byte of a message once, however they come', () => {
    const bytes = 16 * KIB;
    const [framing, message] = make(bytes);
    for (const chunkBytes of [1, 3, 1_024, 5_000, 2 * bytes]) {
      const frameBytes = frameOf(framing, message).length;
      const looked = countLooks();
      carry(framing, message, chunkBytes);
      vi.restoreAllMocks();
      // Those that search have looked at the message once more when it was sent.
      expect(looked()).toBeLessThanOrEqual(2 * frameBytes);
    }
  });
});

describe('lengthPrefixed', () => {
  it('carries a MiB in chunks of one byte', () => {
    const [framing, message] = [lengthPrefixed(), new Uint8Array(MIB)];
    const copied = bytesCopiedBy(() => expect(carry(framing, message, 1)).toBe(MIB));
    expect(copied).toBeLessThanOrEqual(3.1 * MIB);
  });

  it('carries a message of 16 MiB in chunks of 64 KiB, copied once', () => {
    const framing = lengthPrefixed({ maxMessageBytes: 16 * MIB });
    const { machine } = new Bench(framing);
    const chunk = new Uint8Array(64 * KIB);
    const copied = bytesCopiedBy(() => {
      machine.push(Uint8Array.of(1, 0, 0, 0));
      for (let at = 0; at < 256; at += 1) {
        expect(machine.read()).toBeUndefined();
        machine.push(chunk.slice());
      }
      expect(machine.read()?.length).toBe(16 * MIB);
    });
    expect(copied).toBeLessThanOrEqual(16 * MIB + KIB);
  });

  it('delivers a message that came in one chunk as a part of that chunk', () => {
    const { machine } = new Bench(lengthPrefixed());
    const chunk = Uint8Array.of(0, 0, 0, 2, 104, 105, 0);
    machine.push(chunk);
    expect(machine.read()?.buffer).toBe(chunk.buffer);
  });
});
