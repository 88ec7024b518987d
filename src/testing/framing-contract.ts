import { SendError } from '../errors.js';
import type { Framing } from '../framing/framing.js';
import { show } from './bytes.js';
import { asBytes, codeOf, everySplit, framed, type Read, readThrough, sameRead } from './every-split.js';
import { MarbleError } from './marble-error.js';

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
}

/**
 * What every framing owes whose directions do not depend on each other, as tests of your runner: each message in every cut, both limits, lies, ends.
 *
 *     framingContract(myFraming(), { messages: ['a', 'bc', ''] }, { describe, it });
 */
export function framingContract(
  framing: Framing,
  samples: FramingSamples,
  { describe, it }: TestRunner,
): void {
  const messages = samples.messages.map(asBytes);
  const [first = new Uint8Array(), second = new Uint8Array()] = messages;
  const whole = framed(framing, messages);
  const one = framed(framing, [first]);
  const half = samples.half ?? 'cut-short';

  describe(`${framing.name}, as every framing`, () => {
    it('says nothing while nothing comes', () =>
      expectRead(readThrough(framing, [], { end: false }), [], ''));
    it('completes with no bytes at all', () => everySplit(new Uint8Array(), framing).gives([]));
    it('reads one message of one chunk', () => expectRead(readThrough(framing, [one]), [first], '|'));
    it('reads many messages of one chunk, in order', () =>
      expectRead(readThrough(framing, [whole]), messages, '|'));
    it('reads the same messages wherever the bytes are cut', () =>
      everySplit(whole, framing).gives(messages));
    it('reads what is complete while the rest has yet to come', () => {
      const begun = framed(framing, [first, second]).subarray(0, one.length + 1);
      everySplit(begun, framing).gives(
        second.length === 0 ? readThrough(framing, [begun], { end: false }).messages : [first],
        '',
      );
    });
    for (const message of messages) {
      it(`gives back ${show(message, 16)} as it was`, () =>
        everySplit(framed(framing, [message]), framing).gives([message]));
    }
    it('ends in half a message as it says, wherever it is cut', () => {
      for (let length = 1; length < one.length; length++) endsInHalf(framing, one.subarray(0, length), half);
    });
    it('has room for two conversations at once', () => {
      const reads = [readThrough(framing, [whole]), readThrough(framing, [one])];
      expectRead(reads[0] as Read, messages, '|');
      expectRead(reads[1] as Read, [first], '|');
    });
    it('leaves the message that it encodes as it was', () => {
      const before = first.slice();
      framing.encode(first);
      expectRead({ messages: [first], end: '' }, [before], '');
    });
    limits(samples, it);
    for (const [name, [bytes, code]] of Object.entries(samples.lies ?? {})) {
      it(`ends with ${code} at ${name}, behind what came before`, () => {
        everySplit(bytes, framing).gives([], code);
        expectRead(readThrough(framing, [whole, bytes]), messages, code);
      });
    }
  });
}

/** The limit exactly, and one byte above it, in both directions. */
function limits({ limited, messages }: FramingSamples, it: TestRunner['it']): void {
  if (!limited) return;
  const message = messages
    .map(asBytes)
    .reduce((longest, each) => (each.length > longest.length ? each : longest));
  it('takes and sends a message at its limit', () => {
    const framing = limited(message.length);
    everySplit(framed(framing, [message]), framing).gives([message]);
  });
  it('ends with message-too-large one byte above its limit', () => {
    const bytes = framed(limited(message.length), [message]);
    everySplit(bytes, limited(message.length - 1)).gives([], 'message-too-large');
  });
  it('refuses to send a message one byte above its limit', () => {
    const code = thrownBy(() => limited(message.length - 1).encode(message));
    if (code !== 'message-too-large')
      throw new MarbleError(`encode should throw message-too-large, and it is: ${code}`);
  });
}

function endsInHalf(framing: Framing, bytes: Uint8Array, half: 'cut-short' | 'message'): void {
  const read = readThrough(framing, [bytes]);
  const fits = half === 'cut-short' ? read.messages.length === 0 && read.end === half : read.end === '|';
  if (!fits)
    throw new MarbleError(`${framing.name}: ${show(bytes)} and the end give ${drawn(read)}, and not ${half}`);
}

function expectRead(read: Read, messages: readonly Uint8Array[], end: string): void {
  const expected = { messages, end };
  if (!sameRead(read, expected))
    throw new MarbleError(`\n  expected  ${drawn(expected)}\n  received  ${drawn(read)}`);
}

const drawn = ({ messages, end }: Read) => [...messages.map((message) => show(message)), end].join(' ');

function thrownBy(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return error instanceof SendError ? error.code : codeOf(error);
  }
  return 'nothing';
}
