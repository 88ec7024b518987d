import { describe, expect, it } from 'vitest';
import { joined } from '../../src/bytes/joined.js';
import type { Framing } from '../../src/framing/framing.js';
import { frameOf, hexOf, streamOf } from '../helpers/decoded.js';
import { Bench } from '../helpers/machine-bench.js';
import type { FramingSamples } from './framing.js';

/** The state machine, driven by hand: what `decode` and a connection rely on. */
export function machineContract(make: () => Framing, samples: FramingSamples): void {
  const { messages, halfIsWhole, givesBack = true } = samples;
  const [a, b, c] = messages as [Uint8Array, Uint8Array, Uint8Array];
  const [A, B] = [a, b].map((message) => frameOf(make(), message)) as [Uint8Array, Uint8Array];
  const halves = (frame: Uint8Array) => [frame.slice(0, -1), frame.slice(-1)] as const;

  describe('its machine', () => {
    it('is open at once, and can be paused, and each direction can end by itself', () => {
      const bench = new Bench(make());
      expect(bench.since()).toBe('');
      expect(bench.machine.canBegin(false)).toBe(false);
      bench.machine.start();
      expect(bench.since()).toBe('opened');
      expect(bench.machine.canBegin(false)).toBe(true);
      expect(bench.machine.canBegin(true)).toBe(true);
      expect([bench.machine.pausable, bench.machine.midFrame, make().halfClose]).toEqual([true, false, true]);
    });

    it('writes a frame whole, its last piece marked, and has it taken at once', () => {
      const bench = Bench.open(make());
      bench.machine.begin(make().encode(a));
      expect(bench.log.pop()).toBe('taken');
      const pieces = bench.log.splice(0);
      expect(pieces.map((piece) => piece.endsWith('.'))).toEqual(
        pieces.map((_, index) => index === pieces.length - 1),
      );
      expect(pieces.join('').replace('.', '')).toBe(hexOf(A));
      expect(bench.machine.midFrame).toBe(false);
    });

    it('encodes without a copy of the message, and without a change to it', () => {
      const message = a.slice();
      const { body } = make().encode(message);
      expect(message).toEqual(a);
      expect(body.buffer === message.buffer || !givesBack).toBe(true);
    });

    it('gives a frame that may go to many connections', () => {
      const frame = make().encode(a);
      const [one, other] = [Bench.open(make()), Bench.open(make())];
      one.machine.begin(frame);
      other.machine.begin(frame);
      expect(one.since()).toBe(other.since());
    });

    it('decodes one message a pull, and counts what is unread', () => {
      const bench = Bench.open(make()).receive(a, b);
      expect(bench.machine.unreadBytes).toBe(A.length + B.length);
      expect(bench.read()).toBe(hexOf(a));
      if (givesBack) expect(bench.machine.unreadBytes).toBe(B.length);
      expect(bench.read()).toBe(hexOf(b));
      expect(bench.read()).toBeUndefined();
      expect(bench.machine.unreadBytes).toBe(0);
      expect(bench.since()).toBe('');
    });

    it('delivers messages that never change', () => {
      const bench = Bench.open(make());
      const kept: Uint8Array[] = [];
      for (const message of [a, b, c, a, b, c]) {
        for (const chunk of halfIsWhole ? [message] : halves(frameOf(make(), message))) {
          bench.machine.receive(chunk.slice());
          const read = bench.machine.read();
          if (read) kept.push(read);
        }
      }
      expect(kept.map(hexOf)).toEqual([a, b, c, a, b, c].map(hexOf));
    });

    it('delivers plain Uint8Arrays, also out of Buffers', () => {
      const bench = Bench.open(make());
      bench.machine.receive(Buffer.from(A));
      expect(bench.machine.read()?.constructor).toBe(Uint8Array);
    });

    it('reads on behind our own FIN, and begins nothing then', () => {
      const bench = Bench.open(make());
      expect(bench.machine.tryEnd()).toBe(true);
      expect(bench.machine.canBegin(false)).toBe(false);
      expect(bench.receive(a).drain()).toEqual([hexOf(a)]);
      expect(bench.since()).toBe('');
    });

    it('sends on behind their FIN', () => {
      const bench = Bench.open(make()).receive(a);
      bench.machine.receiveEnd();
      expect(bench.drain()).toEqual([hexOf(a)]);
      expect(bench.machine.canBegin(false)).toBe(true);
      expect(bench.since()).toBe('');
    });
  });

  describe('its machine, when it is closed', () => {
    it('drops and counts what is unread, and what comes', () => {
      const bench = Bench.open(make()).receive(a, b);
      expect(bench.read()).toBe(hexOf(a));
      bench.machine.close();
      expect(bench.machine.dropped.messages).toBe(1);
      bench.receive(c, a);
      expect(bench.machine.dropped.messages).toBe(3);
      expect(bench.read()).toBeUndefined();
      expect(bench.machine.unreadBytes).toBe(0);
    });

    it('still sends, and takes the end of their bytes anywhere', () => {
      const bench = Bench.open(make());
      bench.machine.close();
      bench.machine.receive(halves(A)[0]);
      bench.machine.receiveEnd();
      expect(bench.since()).toBe('');
      expect(bench.machine.canBegin(false)).toBe(true);
      expect(bench.machine.tryEnd()).toBe(true);
    });

    it.each(Object.entries(samples.lies ?? {}))('does not mind %s', (_, [bytes]) => {
      const bench = Bench.open(make());
      bench.machine.close();
      bench.machine.receive(bytes.slice());
      bench.receive(a);
      bench.machine.receiveEnd();
      expect(bench.since()).toBe('');
    });
  });

  if (!halfIsWhole)
    describe('its machine, when their FIN cuts a message', () => {
      it('says so at once where nothing is unread', () => {
        const bench = Bench.open(make()).receive(a);
        bench.machine.receive(halves(A)[0]);
        expect(bench.drain()).toEqual([hexOf(a)]);
        bench.machine.receiveEnd();
        expect(bench.since()).toBe('cut-short');
        expect(bench.machine.canBegin(false)).toBe(false);
      });

      it('says so behind what is unread', () => {
        const bench = Bench.open(make()).receive(a);
        bench.machine.receive(halves(A)[0]);
        bench.machine.receiveEnd();
        expect(bench.since()).toBe('');
        expect(bench.drain()).toEqual([hexOf(a)]);
        expect(bench.since()).toBe('cut-short');
      });
    });

  describe.each(Object.entries(samples.lies ?? {}))(
    'its machine, of a peer that sends %s',
    (_, [bytes, code]) => {
      it('delivers what was complete before, says it once, and then reads and writes no more', () => {
        const bench = Bench.open(make()).receive(a, b);
        bench.machine.receive(bytes.slice());
        if (code === 'cut-short') bench.machine.receiveEnd();
        expect(bench.drain()).toEqual([a, b].map(hexOf));
        expect(bench.since()).toBe(code);
        expect(bench.receive(c).drain()).toEqual([]);
        bench.machine.receiveEnd();
        expect(bench.since()).toBe('');
        expect(bench.machine.canBegin(false)).toBe(false);
        expect(bench.machine.unreadBytes).toBe(0);
      });
    },
  );

  describe('its machine, when another framing goes on', () => {
    if (givesBack)
      it('gives back what is unread, to the byte', () => {
        const bench = Bench.open(make()).receive(a, b, c);
        const half = halves(A)[0];
        bench.machine.receive(half.slice());
        expect(bench.read()).toBe(hexOf(a));
        expect(hexOf(bench.machine.release())).toBe(hexOf(joined([streamOf(make(), [b, c]), half])));
        expect(bench.machine.unreadBytes).toBe(0);
        expect(bench.machine.canBegin(false)).toBe(false);
        expect(bench.receive(a).read()).toBeUndefined();
        expect(bench.since()).toBe('');
      });

    if (givesBack && !halfIsWhole)
      it('gives back half a message that was asked for already', () => {
        const bench = Bench.open(make());
        const half = halves(A)[0];
        for (const byte of half) {
          bench.machine.receive(Uint8Array.of(byte));
          expect(bench.read()).toBeUndefined();
        }
        expect(hexOf(bench.machine.release())).toBe(hexOf(half));
      });

    it('gives back what it has not looked into', () => {
      const bench = Bench.open(make()).receive(a);
      expect(hexOf(bench.machine.release())).toBe(hexOf(A));
    });
  });
}
