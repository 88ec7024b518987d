import { type Connection, type Framing, lengthPrefixed } from 'rx-tinyproto';
import { describe, expect, it } from 'vitest';
import { frames } from '../../src/connection/frames.js';
import { envelope } from '../../src/relay/envelope.js';

/** Counts how often it is asked what it speaks. */
function counted(asked: { count: number }, framing: Framing): Connection {
  const door = {
    spoken: {
      get framing() {
        asked.count++;
        return framing;
      },
      codec: undefined,
    },
    out: { messages: 0 },
    encode: (message: Uint8Array) => framing.encode(message),
  };
  return { [frames]: door } as unknown as Connection;
}

describe('an envelope', () => {
  it('finds what it has made for a framing without looking through all', () => {
    const asked = { count: 0 };
    const members = Array.from({ length: 1_000 }, () => counted(asked, lengthPrefixed()));
    const { parcelFor } = envelope(new Uint8Array(10));
    const parcels = members.map(parcelFor);
    expect(new Set(parcels).size).toBe(1_000);
    expect(members.map(parcelFor)).toEqual(parcels);
    expect(asked.count).toBeLessThan(10_000);
  });
});
