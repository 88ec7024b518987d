import { describe, expect, it } from 'vitest';
import { burst } from '../helpers/handshake-original.js';

const RUNS = 1_000;

describe("tinyproto({ duplex: 'half' }) against the Python original", () => {
  it('answers every burst, whole and in order', () => {
    for (let seed = 1; seed <= RUNS; seed += 1) {
      const { sent, back, fault, dead } = burst({ duplex: 'half' }, seed, true);
      expect({ seed, back, fault, dead }).toEqual({ seed, back: sent, fault: '', dead: false });
    }
  });

  it('delivers nothing false where headers cross, and tells of each collision', () => {
    let collisions = 0;
    for (let seed = 1; seed <= RUNS; seed += 1) {
      const { sent, back, fault, dead } = burst({ duplex: 'half' }, seed, false);
      expect({ seed, back }).toEqual({ seed, back: sent.slice(0, back.length) });
      expect({ seed, fault }).toEqual({ seed, fault: fault && 'collision' });
      if (back.length < sent.length) expect({ seed, lost: fault || dead }).not.toEqual({ seed, lost: false });
      if (fault) collisions += 1;
    }
    expect(collisions).toBeGreaterThan(RUNS / 10);
  });

  it('loses a burst in full duplex, which is why there are two modes', () => {
    const lost = Array.from({ length: 100 }, (_, seed) => burst({}, seed, true)).filter(
      ({ sent, back }) => back.length < sent.length,
    );
    expect(lost.length).toBeGreaterThan(0);
  });
});
