import type { Framing } from '../framing/framing.js';

/** A test runner, as far as a contract needs one: Vitest, Jest, Mocha and `node:test` are. */
export interface TestRunner {
  describe(name: string, tests: () => void): unknown;
  it(name: string, test: () => void): unknown;
}

/** What a contract must know of a framing, to ask for what it owes. */
export interface FramingSamples {
  /** Two messages or more, all different. */
  readonly messages: readonly (Uint8Array | string)[];
  /** The framing with another limit. Absent where there is none to set. */
  readonly limited?: (maxMessageBytes: number) => Framing;
  /** What no honest peer sends: bytes, and the code of the error they end with. */
  readonly lies?: Readonly<Record<string, readonly [bytes: Uint8Array, code: string]>>;
  /** What becomes of half a message at the end. `message`: it is taken for one. @default 'cut-short' */
  readonly half?: 'cut-short' | 'message';
  /** Whether each chunk is a message, so that it matters where the bytes are cut. @default false */
  readonly chunksAreMessages?: boolean;
  /** Whether its machine can give back to the byte what is unread, for another framing to go on (see `reframe`), and encodes without a copy. Then both are asked for. @default false */
  readonly givesBack?: boolean;
}
