import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Framing } from '../../src/framing/framing.js';
import { Reading } from '../../src/framing/reading.js';
import type { Frame } from '../../src/outbox/frame.js';
import { anyCut, type Cut } from '../helpers/cuts.js';
import { hexOf } from '../helpers/decoded.js';
import type { FramingSamples } from './framing.js';

/** One end of a conversation: sends its messages as it may, and consumes what comes. */
class End {
  readonly received: string[] = [];
  readonly outcomes: string[] = [];
  readonly wire: Uint8Array[] = [];
  readonly #reading: Reading;
  readonly #unsent: Frame[];

  constructor(
    readonly framing: Framing,
    messages: readonly Uint8Array[],
  ) {
    this.#unsent = messages.map((message) => framing.encode(message));
    this.#reading = new Reading(framing, {
      out: { write: (bytes) => this.wire.push(bytes), outcome: (of) => this.outcomes.push(of) },
    });
  }

  get done(): boolean {
    return this.#unsent.length === 0;
  }

  get fault(): unknown {
    return this.#reading.fault?.error;
  }

  /** Sends one message, if it may. */
  send(): void {
    const { talk } = this.#reading.machine;
    if (this.done || talk?.canBegin(false) === false) return;
    const frame = this.#unsent.shift() as Frame;
    if (talk) talk.begin(frame);
    else this.wire.push(frame.head, frame.body, frame.tail);
  }

  /** Takes what the other has written, in any chunks, and reads. */
  take(from: End, cut: Cut): void {
    const bytes = Buffer.concat(from.wire.splice(0));
    for (const chunk of cut(bytes)) this.#reading.push(chunk);
    this.read();
  }

  read(): void {
    const { machine } = this.#reading;
    for (let message = this.#reading.read(); message; message = this.#reading.read()) {
      this.received.push(hexOf(message));
      machine.consumed?.();
    }
  }

  /** Says no more, and wants no more. */
  close(): boolean {
    const { talk } = this.#reading.machine;
    talk?.close();
    return talk?.tryEnd() ?? true;
  }

  /** The other says no more. */
  end(): void {
    this.#reading.end();
    this.read();
  }
}

/** Two machines of a framing that talk to each other: what every framing owes, `tinyproto` included. */
export function talkContract(
  make: () => Framing,
  { anyMessage, halfIsWhole }: Pick<FramingSamples, 'anyMessage' | 'halfIsWhole'>,
): void {
  const talk = fc.array(anyMessage, { maxLength: 8 });

  if (halfIsWhole) return;

  it('carries a conversation both ways at once, in any cut, and ends it', () => {
    fc.assert(
      fc.property(
        talk,
        talk,
        anyCut,
        fc.array(fc.boolean(), { maxLength: 40 }),
        (ours, theirs, cut, order) => {
          const near = new End(make(), ours);
          const far = new End(make(), theirs);
          const turns = [...order, ...Array.from({ length: 80 }, (_, turn) => turn % 2 === 0)];
          for (const nearIsNext of turns) {
            const [one, other] = nearIsNext ? [near, far] : [far, near];
            one.send();
            other.take(one, cut);
          }
          for (const end of [near, far]) expect([end.done, end.fault]).toEqual([true, undefined]);
          expect([near.received, far.received]).toEqual([theirs.map(hexOf), ours.map(hexOf)]);
          const isTold = !make().halfClose;
          const outcomes = (sent: readonly unknown[]) => (isTold ? sent.map(() => 'taken') : []);
          expect([near.outcomes, far.outcomes]).toEqual([outcomes(ours), outcomes(theirs)]);
          expect(near.close()).toBe(true);
          far.take(near, cut);
          far.end();
          expect(far.fault).toBeUndefined();
        },
      ),
    );
  });
}
