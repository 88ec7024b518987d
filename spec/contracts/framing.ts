import type fc from 'fast-check';
import { describe } from 'vitest';
import type { Framing } from '../../src/framing/framing.js';
import { cutsContract } from './framing-cuts.js';
import { limitsContract } from './framing-limits.js';
import { machineContract } from './framing-machine.js';
import { streamsContract } from './framing-streams.js';
import { talkContract } from './framing-talk.js';
import { wireContract } from './framing-wire.js';

/** What a contract must know of a framing to ask for what it owes. */
export interface FramingSamples {
  /** Three messages or more, all different. The stream of the first two is short: every partition of its first 12 bytes is tried. */
  readonly messages: readonly Uint8Array[];
  /** Any message that it carries, of some hundred bytes at most. */
  readonly anyMessage: fc.Arbitrary<Uint8Array>;
  /** The same framing with another limit, and a message of so many bytes. Absent where messages have one size. */
  readonly limited?: {
    readonly framing: (maxMessageBytes: number) => Framing;
    readonly message: (bytes: number) => Uint8Array;
  };
  /** What no honest peer sends, each behind two honest messages: the code it ends with. */
  readonly lies?: Readonly<Record<string, readonly [bytes: Uint8Array, code: string]>>;
  /** What becomes of half a message at the end, if not `cut-short`: it is taken for a message. */
  readonly halfIsWhole?: true;
  /** Whether bytes that were received and not read can be given back. Default true. */
  readonly givesBack?: false;
}

/** What every framing owes whose directions do not depend on each other: the grid of cases, through its operators and through its machine. */
export function framingContract(name: string, make: () => Framing, samples: FramingSamples): void {
  describe(name, () => {
    streamsContract(make, samples);
    cutsContract(make, samples);
    limitsContract(make, samples);
    machineContract(make, samples);
    talkContract(make, samples);
    wireContract(make, samples);
  });
}
