import type { Framing } from '../framing/framing.js';
import { asBytes, joined, sameBytes } from './bytes.js';
import { framed } from './every-split.js';
import { Bench, digitsOf } from './framing-bench.js';
import type { FramingSamples, TestRunner } from './framing-samples.js';
import { must } from './must.js';

/** The state machine, driven by hand: what `decode` and a connection rely on. */
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
    it('is open at once, and can be paused, and each direction can end by itself', () => {
      const bench = new Bench(make());
      must(bench.since(), '');
      must(bench.machine.canBegin(false), false);
      bench.machine.start();
      must(bench.since(), 'opened');
      must(bench.machine.canBegin(false), true);
      must(bench.machine.canBegin(true), true);
      must([bench.machine.pausable, bench.machine.midFrame, make().halfClose], [true, false, true]);
    });

    it('writes a frame whole, its last piece marked, and has it taken at once', () => {
      const bench = Bench.open(make());
      bench.machine.begin(make().encode(a));
      must(bench.log.pop(), 'taken');
      const pieces = bench.log.splice(0);
      must(
        pieces.map((piece) => piece.endsWith('.')),
        pieces.map((_, index) => index === pieces.length - 1),
      );
      must(pieces.join('').replace('.', ''), digitsOf(A));
      must(bench.machine.midFrame, false);
    });

    it('encodes without a copy of the message, and without a change to it', () => {
      const message = a.slice();
      const { body } = make().encode(message);
      must(sameBytes(message, a), true);
      must(body.buffer === message.buffer || !givesBack, true);
    });

    it('gives a frame that may go to many connections', () => {
      const frame = make().encode(a);
      const [one, other] = [Bench.open(make()), Bench.open(make())];
      one.machine.begin(frame);
      other.machine.begin(frame);
      must(one.since(), other.since());
    });

    it('decodes one message a pull, and counts what is unread', () => {
      const bench = Bench.open(make()).receive(a, b);
      must(bench.machine.unreadBytes, A.length + B.length);
      must(bench.read(), digitsOf(a));
      if (givesBack) must(bench.machine.unreadBytes, B.length);
      must(bench.read(), digitsOf(b));
      must(bench.read(), undefined);
      must(bench.machine.unreadBytes, 0);
      must(bench.since(), '');
    });

    it('delivers messages that never change', () => {
      const bench = Bench.open(make());
      const kept: Uint8Array[] = [];
      for (const message of [a, b, c, a, b, c]) {
        for (const chunk of chunksAreMessages ? [message] : halves(framed(make(), [message]))) {
          bench.machine.receive(chunk.slice());
          const read = bench.machine.read();
          if (read) kept.push(read);
        }
      }
      must(kept.map(digitsOf), [a, b, c, a, b, c].map(digitsOf));
    });

    it('delivers plain Uint8Arrays, also out of Buffers and their like', () => {
      const bench = Bench.open(make());
      bench.machine.receive(new Chunk(A));
      must(bench.machine.read()?.constructor, Uint8Array);
    });

    it('reads on behind our own FIN, and begins nothing then', () => {
      const bench = Bench.open(make());
      must(bench.machine.tryEnd(), true);
      must(bench.machine.canBegin(false), false);
      must(bench.receive(a).drain(), [digitsOf(a)]);
      must(bench.since(), '');
    });

    it('sends on behind their FIN', () => {
      const bench = Bench.open(make()).receive(a);
      bench.machine.receiveEnd();
      must(bench.drain(), [digitsOf(a)]);
      must(bench.machine.canBegin(false), true);
      must(bench.since(), '');
    });
  });

  describe('its machine, when it is closed', () => {
    it('drops and counts what is unread, and what comes', () => {
      const bench = Bench.open(make()).receive(a, b);
      must(bench.read(), digitsOf(a));
      bench.machine.close();
      must(bench.machine.dropped.messages, 1);
      bench.receive(c, a);
      must(bench.machine.dropped.messages, 3);
      must(bench.read(), undefined);
      must(bench.machine.unreadBytes, 0);
    });

    it('still sends, and takes the end of their bytes anywhere', () => {
      const bench = Bench.open(make());
      bench.machine.close();
      bench.machine.receive(halves(A)[0]);
      bench.machine.receiveEnd();
      must(bench.since(), '');
      must(bench.machine.canBegin(false), true);
      must(bench.machine.tryEnd(), true);
    });

    for (const [name, [bytes]] of lies)
      it(`does not mind ${name}`, () => {
        const bench = Bench.open(make());
        bench.machine.close();
        bench.machine.receive(bytes.slice());
        bench.receive(a);
        bench.machine.receiveEnd();
        must(bench.since(), '');
      });
  });

  if (canBeCut)
    describe('its machine, when their FIN cuts a message', () => {
      it('says so at once where nothing is unread', () => {
        const bench = Bench.open(make()).receive(a);
        bench.machine.receive(halves(A)[0]);
        must(bench.drain(), [digitsOf(a)]);
        bench.machine.receiveEnd();
        must(bench.since(), 'cut-short');
        must(bench.machine.canBegin(false), false);
      });

      it('says so behind what is unread', () => {
        const bench = Bench.open(make()).receive(a);
        bench.machine.receive(halves(A)[0]);
        bench.machine.receiveEnd();
        must(bench.since(), '');
        must(bench.drain(), [digitsOf(a)]);
        must(bench.since(), 'cut-short');
      });
    });

  for (const [name, [bytes, code]] of lies)
    describe(`its machine, of a peer that sends ${name}`, () => {
      it('delivers what was complete before, says it once, and then reads and writes no more', () => {
        const bench = Bench.open(make()).receive(a, b);
        bench.machine.receive(bytes.slice());
        if (code === 'cut-short') bench.machine.receiveEnd();
        must(bench.drain(), [a, b].map(digitsOf));
        must(bench.since(), code);
        must(bench.receive(c).drain(), []);
        bench.machine.receiveEnd();
        must(bench.since(), '');
        must(bench.machine.canBegin(false), false);
        must(bench.machine.unreadBytes, 0);
      });
    });

  describe('its machine, when another framing goes on', () => {
    if (givesBack)
      it('gives back what is unread, to the byte', () => {
        const bench = Bench.open(make()).receive(a, b, c);
        const half = halves(A)[0];
        bench.machine.receive(half.slice());
        must(bench.read(), digitsOf(a));
        must(digitsOf(bench.machine.release()), digitsOf(joined([framed(make(), [b, c]), half])));
        must(bench.machine.unreadBytes, 0);
        must(bench.machine.canBegin(false), false);
        must(bench.receive(a).read(), undefined);
        must(bench.since(), '');
      });

    if (givesBack && canBeCut)
      it('gives back half a message that was asked for already', () => {
        const bench = Bench.open(make());
        const half = halves(A)[0];
        for (const byte of half) {
          bench.machine.receive(Uint8Array.of(byte));
          must(bench.read(), undefined);
        }
        must(digitsOf(bench.machine.release()), digitsOf(half));
      });

    it('gives back what it has not looked into', () => {
      const bench = Bench.open(make()).receive(a);
      must(digitsOf(bench.machine.release()), digitsOf(A));
    });
  });
}

/** As Node's Buffer is: a Uint8Array that is something besides. */
class Chunk extends Uint8Array {}
