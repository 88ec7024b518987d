import { expect } from 'vitest';
import { decode } from '../../src/framing/decode.js';
import { delimited } from '../../src/framing/delimited.js';
import { encode } from '../../src/framing/encode.js';
import { fixedLength } from '../../src/framing/fixed-length.js';
import type { Framing } from '../../src/framing/framing.js';
import { jsonTexts } from '../../src/framing/json-texts.js';
import { lengthPrefixed } from '../../src/framing/length-prefixed.js';
import { framing } from '../../src/framing/lift.js';
import { lines } from '../../src/framing/lines.js';
import { varintPrefixed } from '../../src/framing/varint-prefixed.js';
import { decoded, decodedLate, frameOf, hexOf } from './decoded.js';
import { Dice } from './dice.js';
import {
  delimitedOracle,
  fixedOracle,
  jsonOracle,
  type LengthLayout,
  lengthOracle,
  type Oracle,
  varintOracle,
} from './framing-oracles.js';

/** A framing, its oracle, and bytes that get far with it. */
interface Case {
  readonly framing: Framing;
  readonly oracle: Oracle;
  readonly alphabet: readonly number[];
  /** A message that the framing may carry. By default a few bytes of the alphabet. */
  readonly message?: (dice: Dice) => readonly number[];
}

type Roll = (dice: Dice) => Case;

const codes = (text: string): number[] => Array.from(text, (letter) => letter.charCodeAt(0));
const small = [0, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 9, 12];

function lengths(dice: Dice): Case {
  const size = dice.pick([1, 2, 3, 4, 5, 6, 7, 8] as const);
  const littleEndian = dice.below(2) === 0;
  const offset = dice.pick([0, 0, 0, 1, 3]);
  const adjust = dice.pick([0, 0, 0, 1, 4, -1, -size, -size - offset]);
  const strip = dice.pick([offset + size, offset + size, 0, 1, offset + size + 2]);
  const most = dice.pick([20, 30, 40]);
  const layout: LengthLayout = { size, littleEndian, offset, adjust, strip, most };
  return {
    framing: lengthPrefixed({
      size,
      littleEndian,
      offset,
      adjust,
      strip,
      header: new Uint8Array(strip),
      maxMessageBytes: most,
    }),
    oracle: lengthOracle(layout),
    alphabet: dice.below(4) === 0 ? [...small, 0x20, 0x7f, 0x80, 0xff] : small,
  };
}

function varints(dice: Dice): Case {
  const most = dice.pick([20, 200, 20_000, Number.MAX_SAFE_INTEGER]);
  return {
    framing: varintPrefixed({ maxMessageBytes: most }),
    oracle: varintOracle(most),
    alphabet: [...small, 0x7f, 0x80, 0x80, 0x81, 0xff],
  };
}

const delimiterSets = [
  [';'],
  ['--'],
  ['aba'],
  ['aab', 'b;'],
  ['--', ';', 'end;'],
  ['\n', '\r\n'],
  ['ab', 'b'],
  ['a-a-b'],
];

function delimiters(dice: Dice): Case {
  const set = dice.pick(delimiterSets);
  const layout = {
    delimiters: set,
    most: dice.pick([0, 1, 4, 9]),
    discard: dice.below(2) === 0,
    deliver: dice.below(2) === 0,
  };
  return {
    framing: delimited(
      set.map((one) => Uint8Array.from(codes(one))),
      {
        maxMessageBytes: layout.most,
        overlong: layout.discard ? 'discard' : 'error',
        unterminated: layout.deliver ? 'deliver' : 'error',
      },
    ),
    oracle: delimitedOracle(layout),
    alphabet: [...codes(set.join('')), ...codes('ax')],
  };
}

function endings(dice: Dice): Case {
  const layout = {
    delimiters: ['\n', '\r\n'],
    most: dice.pick([0, 3, 9]),
    discard: dice.below(2) === 0,
    deliver: dice.below(2) === 0,
  };
  const options = {
    ending: dice.pick(['\n', '\r\n'] as const),
    maxLineBytes: layout.most,
    overlong: dice.pick(layout.discard ? (['discard'] as const) : (['error'] as const)),
    unterminated: dice.pick(layout.deliver ? (['deliver'] as const) : (['error'] as const)),
  };
  // Half of the time through operators, which must make no difference.
  const plain = lines(options);
  const lifted = dice.below(2) === 0;
  return {
    framing: lifted ? framing(decode(plain), encode(plain)) : plain,
    oracle: delimitedOracle(layout),
    alphabet: codes('\r\r\n\nab'),
  };
}

function fixed(dice: Dice): Case {
  const size = 1 + dice.below(7);
  return { framing: fixedLength(size), oracle: fixedOracle(size), alphabet: small };
}

function json(dice: Dice): Case {
  const most = dice.pick([2, 5, 12, 60]);
  const maxDepth = dice.pick([1, 2, 5, 60]);
  return {
    framing: jsonTexts({ maxMessageBytes: most, maxDepth }),
    oracle: jsonOracle(most, maxDepth),
    message: (dice) => codes(jsonText(dice)),
    alphabet: codes(dice.pick(['[]{}"\\ ,:1', '[]', '[[]]{}', '["\\"]', '{"}\n ']) as string),
  };
}

function jsonText(dice: Dice): string {
  const within = Array.from({ length: dice.below(3) }, () =>
    dice.below(2) === 0 ? jsonText(dice) : dice.pick(['1', '"a"', '"]"', '"\\\\"', '"\\"}"', ' null ']),
  ).join();
  return dice.below(2) === 0 ? `[${within}]` : `{${within}}`;
}

/** How often each framing has its turn, of a hundred. The oracle of the JSON texts is the slowest by far. */
const rolls: readonly (readonly [times: number, roll: Roll])[] = [
  [30, lengths],
  [20, varints],
  [25, delimiters],
  [12, endings],
  [3, fixed],
  [10, json],
];
const turns = rolls.flatMap(([times, roll]) => Array.from({ length: times }, () => roll));

/** Puts so many random streams, in random cuts, before the framings, and compares what they make of them with the oracles. */
export function beHostile(seed: number, inputs: number): void {
  const dice = new Dice(seed);
  // One framing takes twenty inputs: making it costs more than using it.
  for (let input = 0; input < inputs; ) {
    const one = dice.pick(turns)(dice);
    for (let same = 0; same < 20 && input < inputs; same += 1, input += 1) {
      const bytes = dice.below(2) === 0 ? anything(one, dice) : almostHonest(one, dice);
      const chunks = cut(bytes, dice);
      const late = dice.pick([0, 0, 2, 3, 40]);
      const found = late > 0 ? decodedLate(one.framing, chunks, late) : decoded(one.framing, chunks);
      const expected = one.oracle(bytes);
      if (found.end === expected.end && found.messages.join() === expected.messages.join()) continue;
      const what = `input ${input} of seed ${seed}: ${one.framing.name} of ${chunks.map(hexOf).join(' ')}, late ${late}`;
      expect(found, what).toEqual(expected);
    }
  }
}

function anything({ alphabet }: Case, dice: Dice): Uint8Array {
  return Uint8Array.from({ length: dice.below(40) }, () => dice.pick(alphabet));
}

/** Whole frames, and then often a byte that is changed, lost or added. */
function almostHonest(one: Case, dice: Dice): Uint8Array {
  const bytes: number[] = [];
  for (let frames = dice.below(4); frames > 0; frames -= 1) bytes.push(...frame(one, dice));
  for (let faults = dice.below(3); faults > 0; faults -= 1) {
    const some = Array.from({ length: dice.below(3) }, () => dice.pick(one.alphabet));
    bytes.splice(dice.below(bytes.length + 1), dice.below(3), ...some);
  }
  return Uint8Array.from(bytes);
}

function frame({ framing, alphabet, message }: Case, dice: Dice): Iterable<number> {
  const bytes = message?.(dice) ?? Array.from({ length: dice.below(14) }, () => dice.pick(alphabet));
  try {
    return frameOf(framing, Uint8Array.from(bytes));
  } catch {
    // What it cannot carry is not tried again: such messages are no rarity.
    return [];
  }
}

function cut(bytes: Uint8Array, dice: Dice): Uint8Array[] {
  const most = dice.pick([1, 2, 5, 40]);
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + dice.below(most);
    chunks.push(bytes.slice(at, at + size));
    at += size;
  }
  return chunks;
}
