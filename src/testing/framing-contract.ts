import type { Framing } from '../framing/framing.js';
import { asBytes, joined, show } from './bytes.js';
import { everySplit, framed, type Read, readThrough, sameRead } from './every-split.js';
import { digitsOf } from './framing-bench.js';
import { conversationContract, hasTalk } from './framing-conversation-contract.js';
import { machineContract } from './framing-machine-contract.js';
import type { FramingSamples, TestRunner } from './framing-samples.js';
import { MarbleError } from './marble-error.js';
import { must } from './must.js';

/**
 * What every framing owes, as tests of your runner: each message in every cut, both limits, lies, ends; and what `decode` and a connection rely on of its machine. Of one with a
 * `talk`, whose bytes mean nothing without the other direction: limits, lies, and conversations of two connections, over bytes that are cut anywhere and over wires that keep chunks.
 *
 *     framingContract(myFraming(), { messages: ['a', 'bc', ''] }, { describe, it });
 */
export function framingContract(framing: Framing, samples: FramingSamples, runner: TestRunner): void {
  const messages = samples.messages.map(asBytes);
  demandDifferent(messages);
  runner.describe(`${framing.name}, as every framing`, () => {
    if (hasTalk(framing)) talkContract(framing, samples, runner);
    else decoderContract(framing, samples, runner);
  });
}

/** What is owed where the directions do not depend on each other. */
function decoderContract(framing: Framing, samples: FramingSamples, runner: TestRunner): void {
  const { it } = runner;
  const messages = samples.messages.map(asBytes);
  const [first = new Uint8Array()] = messages;
  const whole = framed(framing, messages);
  const one = framed(framing, [first]);

  it('says nothing while nothing comes', () => expectRead(readThrough(framing, [], { end: false }), [], ''));
  it('completes with no bytes at all', () => expectRead(readThrough(framing, []), [], '|'));
  it('reads one message of one chunk', () => expectRead(readThrough(framing, [one]), [first], '|'));
  if (!samples.chunksAreMessages) cuts(framing, samples, it);
  for (const message of messages) {
    it(`gives back ${show(message, 16)} as it was`, () =>
      expectRead(readThrough(framing, [framed(framing, [message])]), [message], '|'));
  }
  it('has room for two conversations at once', () => {
    const reads = [readThrough(framing, [whole]), readThrough(framing, [one])];
    if (!samples.chunksAreMessages) expectRead(reads[0] as Read, messages, '|');
    expectRead(reads[1] as Read, [first], '|');
  });
  encoderContract(framing, samples, it);
  limits(samples, it);
  for (const [name, [bytes, code]] of Object.entries(samples.lies ?? {})) {
    it(`ends with ${code} at ${name}, behind what came before`, () => {
      everySplit(bytes, framing).gives([], code);
      everySplit(joined([one, bytes]), framing).gives([first], code);
      expectRead(readThrough(framing, [whole, bytes]), messages, code);
    });
  }
  machineContract(() => framing, samples, runner);
}

/** With fewer, or with twice the same, a framing that mixes them up would pass. */
function demandDifferent(messages: readonly Uint8Array[]): void {
  const different = new Set(messages.map(digitsOf));
  if (different.size < 2 || different.size < messages.length)
    throw new TypeError('A contract of framings needs two messages or more, all different');
}

/** The bytes cut in every way, and ended in every place. */
function cuts(framing: Framing, samples: FramingSamples, it: TestRunner['it']): void {
  const messages = samples.messages.map(asBytes);
  const [first = new Uint8Array(), second = new Uint8Array()] = messages;
  const whole = framed(framing, messages);
  const one = framed(framing, [first]);
  const half = samples.half ?? 'cut-short';

  it('reads many messages of one chunk, in order', () =>
    expectRead(readThrough(framing, [whole]), messages, '|'));
  it('reads the same messages wherever the bytes are cut', () => everySplit(whole, framing).gives(messages));
  it('reads the same messages with chunks of no bytes between', () => {
    const sparse = Array.from(whole, (byte) => [new Uint8Array(), Uint8Array.of(byte)]).flat();
    expectRead(readThrough(framing, sparse), messages, '|');
  });
  it('reads what is complete while the rest has yet to come', () => {
    const begun = framed(framing, [first, second]).subarray(0, one.length + 1);
    everySplit(begun, framing).gives(
      second.length === 0 ? readThrough(framing, [begun], { end: false }).messages : [first],
      '',
    );
  });
  for (const message of messages) {
    it(`reads ${show(message, 16)} wherever it is cut`, () =>
      everySplit(framed(framing, [message]), framing).gives([message]));
  }
  it('ends in half a message as it says, wherever it is cut', () => {
    for (let length = 1; length < one.length; length++) endsInHalf(framing, one.subarray(0, length), half);
  });
  if (half === 'message') return;
  it('is cut-short inside a message, be it in its head or its body, behind those that are whole', () => {
    const ends = messages.map((_, index) => framed(framing, messages.slice(0, index + 1)).length);
    for (let length = 0; length < whole.length; length++) {
      const complete = messages.slice(0, ends.filter((end) => end <= length).length);
      const end = length === 0 || ends.includes(length) ? '|' : 'cut-short';
      const bytes = whole.slice(0, length);
      expectRead(readThrough(framing, [bytes]), complete, end);
      const byteByByte = Array.from(bytes, (byte) => Uint8Array.of(byte));
      expectRead(readThrough(framing, byteByByte), complete, end);
    }
  });
}

/** What is owed of either kind. */
function encoderContract(
  framing: Framing,
  { messages, limited }: FramingSamples,
  it: TestRunner['it'],
): void {
  const all = messages.map(asBytes);
  it('has a limit', () => must(framing.maxMessageBytes < Infinity, true));
  it('leaves the message that it encodes as it was', () => {
    for (const message of all) {
      const before = message.slice();
      framing.encode(message);
      must(digitsOf(message), digitsOf(before));
    }
  });
  if (!limited) return;
  const longest = longestOf(all);
  it('refuses to send a message one byte above its limit', () => {
    const error = thrownBy(() => limited(longest.length - 1).encode(longest));
    must(error, { name: 'SendError', code: 'message-too-large', fate: 'not-sent' });
  });
}

/** What is owed where one direction says what has become of the other. */
function talkContract(framing: Framing, samples: FramingSamples, runner: TestRunner): void {
  encoderContract(framing, samples, runner.it);
  for (const [name, [bytes, code]] of Object.entries(samples.lies ?? {}))
    runner.it(`ends with ${code} at ${name}`, () => everySplit(bytes, framing).gives([], code));
  conversationContract(framing, samples.messages.map(asBytes), runner);
}

const longestOf = (messages: readonly Uint8Array[]): Uint8Array =>
  messages.reduce((longest, each) => (each.length > longest.length ? each : longest));

/** The limit exactly, and one byte above it. */
function limits({ limited, messages, chunksAreMessages }: FramingSamples, it: TestRunner['it']): void {
  if (!limited) return;
  const message = longestOf(messages.map(asBytes));
  const bytes = framed(limited(message.length), [message]);
  const below = message.length - 1;
  it('takes and sends a message at its limit', () => {
    const framing = limited(message.length);
    expectRead(readThrough(framing, [bytes]), [message], '|');
    if (!chunksAreMessages) everySplit(bytes, framing).gives([message]);
  });
  it('ends with message-too-large one byte above its limit, behind what came before', () => {
    const before = messages.map(asBytes).filter(({ length }) => length <= below);
    const chunks = [...before.map((each) => framed(limited(below), [each])), bytes, bytes];
    expectRead(readThrough(limited(below), chunks), before, 'message-too-large');
    if (!chunksAreMessages) everySplit(bytes, limited(below)).gives([], 'message-too-large');
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

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}
