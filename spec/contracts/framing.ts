import type fc from 'fast-check';
import { framingContract as everyFraming } from 'rx-tinyproto/testing';
import { describe, it } from 'vitest';
import type { Framing } from '../../src/framing/framing.js';
import { cutsContract } from './framing-cuts.js';
import { limitsContract } from './framing-limits.js';
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

/** The exported contract, and on top of it what takes fast-check, our operators, and our connection. */
export function framingContract(name: string, make: () => Framing, samples: FramingSamples): void {
  const { messages, lies, limited, halfIsWhole = false, givesBack = true } = samples;
  describe(name, () => {
    everyFraming(
      make(),
      {
        messages,
        chunksAreMessages: halfIsWhole,
        givesBack,
        ...(lies && { lies }),
        ...(limited && { limited: limited.framing }),
      },
      { describe, it },
    );
    streamsContract(make, samples);
    cutsContract(make, samples);
    limitsContract(make, samples);
    talkContract(make, samples);
    wireContract(make, samples);
  });
}
