import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Framing, FramingMachine } from '../../src/framing/framing.js';
import { anyCut, type Cut } from '../helpers/cuts.js';
import { hexOf } from '../helpers/decoded.js';
import type { FramingSamples } from './framing.js';

/** One end of a conversation: sends its messages as it may, and consumes what comes. */
class End {
  readonly machine: FramingMachine;
  readonly received: string[] = [];
  readonly outcomes: string[] = [];
  readonly faults: string[] = [];
  readonly wire: Uint8Array[] = [];
  readonly #unsent: Uint8Array[];

  constructor(
    readonly framing: Framing,
    messages: readonly Uint8Array[],
  ) {
    this.#unsent = [...messages];
    this.machine = framing.open({
      write: (bytes) => this.wire.push(bytes),
      opened: () => {},
      outcome: (of) => this.outcomes.push(of),
      fail: (error) => this.faults.push(error.code),
      await: () => {},
      settle: () => {},
    });
    this.machine.start();
  }

  get done(): boolean {
    return this.#unsent.length === 0;
  }

  /** Sends one message, if it may. */
  send(): void {
    const message = this.#unsent[0];
    if (message === undefined || !this.machine.canBegin(false)) return;
    this.#unsent.shift();
    this.machine.begin(this.framing.encode(message));
  }

  /** Takes what the other has written, in any chunks, and reads. */
  take(from: End, cut: Cut): void {
    const bytes = Buffer.concat(from.wire.splice(0));
    for (const chunk of cut(bytes)) this.machine.receive(chunk);
    this.read();
  }

  read(): void {
    for (let message = this.machine.read(); message; message = this.machine.read()) {
      this.received.push(hexOf(message));
      this.machine.consumed();
    }
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
          for (const end of [near, far]) expect([end.done, end.faults]).toEqual([true, []]);
          expect([near.received, far.received]).toEqual([theirs.map(hexOf), ours.map(hexOf)]);
          expect([near.outcomes, far.outcomes]).toEqual([ours.map(() => 'taken'), theirs.map(() => 'taken')]);
          near.machine.close();
          expect(near.machine.tryEnd()).toBe(true);
          far.take(near, cut);
          far.machine.receiveEnd();
          far.read();
          expect(far.faults).toEqual([]);
        },
      ),
    );
  });
}
