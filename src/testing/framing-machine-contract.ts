import type { Framing } from '../framing/framing.js';
import { asBytes, joined, sameBytes } from './bytes.js';
import { framed } from './every-split.js';
import { Bench, digitsOf } from './framing-bench.js';
import type { FramingSamples, TestRunner } from './framing-samples.js';
import { must } from './must.js';

/** The state of one connection, driven by hand: what `decode` and a connection rely on. */
export function machineContract(
  make: () => Framing,
  samples: FramingSamples,
  { describe, it }: TestRunner,
): void {
  const { chunksAreMessages = false, givesBack = false } = samples;
  const messages = samples.messages.map(asBytes);
  const [a = new Uint8Array(), b = a, c = a] = messages;
  const [A, B] = [framed(make(), [a]), framed(make(), [b])];
  const canBeCut = !chunksAreMessages && samples.half !== 'message' && A.length > 1;
  const lies = Object.entries(samples.lies ?? {});
  const halves = (frame: Uint8Array) => [frame.slice(0, -1), frame.slice(-1)] as const;

  describe('its machine', () => {
    it('has nothing to say by itself, and each direction can end alone', () => {
      const bench = new Bench(make());
      must(bench.machine.talk, undefined);
      must(make().halfClose, true);
      must(bench.since(), '');
    });

    it('encodes without a copy of the message, and without a change to it', () => {
      const message = a.slice();
      const { body } = make().encode(message);
      must(sameBytes(message, a), true);
      must(body.buffer === message.buffer || !givesBack, true);
    });

    it('decodes one message a pull, and counts what is unread', () => {
      const bench = new Bench(make()).receive(a, b);
      must(bench.machine.unreadBytes, A.length + B.length);
      must(bench.read(), digitsOf(a));
      if (givesBack) must(bench.machine.unreadBytes, B.length);
      must(bench.read(), digitsOf(b));
      must(bench.read(), undefined);
      must(bench.machine.unreadBytes, 0);
      must(bench.since(), '');
    });

    it('delivers messages that never change', () => {
      const bench = new Bench(make());
      const kept: Uint8Array[] = [];
      for (const message of [a, b, c, a, b, c]) {
        for (const chunk of chunksAreMessages ? [message] : halves(framed(make(), [message]))) {
          bench.push(chunk.slice());
          const read = bench.machine.read();
          if (read) kept.push(read);
        }
      }
      must(kept.map(digitsOf), [a, b, c, a, b, c].map(digitsOf));
    });

    it('delivers plain Uint8Arrays, also out of Buffers and their like', () => {
      const bench = new Bench(make());
      bench.push(new Chunk(A));
      must(bench.machine.read()?.constructor, Uint8Array);
    });

    it('ends between messages', () => {
      const bench = new Bench(make()).receive(a).end();
      must(bench.drain(), [digitsOf(a)]);
      must([bench.since(), bench.machine.unreadBytes], ['', 0]);
    });
  });

  if (canBeCut)
    describe('its machine, when their end cuts a message', () => {
      it('says so where nothing is unread', () => {
        const bench = new Bench(make()).receive(a).push(halves(A)[0]);
        must(bench.drain(), [digitsOf(a)]);
        must(bench.end().drain(), []);
        must(bench.since(), 'cut-short');
      });

      it('says so behind what is unread', () => {
        const bench = new Bench(make()).receive(a).push(halves(A)[0]).end();
        must(bench.since(), '');
        must(bench.drain(), [digitsOf(a)]);
        must(bench.since(), 'cut-short');
      });
    });

  for (const [name, [bytes, code]] of lies)
    describe(`its machine, of a peer that sends ${name}`, () => {
      it('delivers what was complete before, and then says it', () => {
        const bench = new Bench(make()).receive(a, b).push(bytes.slice());
        if (code === 'cut-short') bench.end();
        must(bench.drain(), [a, b].map(digitsOf));
        must(bench.since(), code);
      });
    });

  describe('its machine, when another framing goes on', () => {
    if (givesBack)
      it('gives back what is unread, to the byte', () => {
        const half = halves(A)[0];
        const bench = new Bench(make()).receive(a, b, c).push(half.slice());
        must(bench.read(), digitsOf(a));
        must(bench.rest(), digitsOf(joined([framed(make(), [b, c]), half])));
        must(bench.machine.unreadBytes, 0);
      });

    if (givesBack && canBeCut)
      it('gives back half a message that was asked for already', () => {
        const bench = new Bench(make());
        const half = halves(A)[0];
        for (const byte of half) {
          bench.push(Uint8Array.of(byte));
          must(bench.read(), undefined);
        }
        must(bench.rest(), digitsOf(half));
      });

    it('gives back what it has not looked into', () => {
      must(new Bench(make()).receive(a).rest(), digitsOf(A));
    });
  });
}

/** As Node's Buffer is: a Uint8Array that is something besides. */
class Chunk extends Uint8Array {}
