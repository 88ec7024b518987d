import { describe, expect, it } from 'vitest';
import { delimited } from '../../src/framing/delimited.js';
import { fixedLength } from '../../src/framing/fixed-length.js';
import type { Framing } from '../../src/framing/framing.js';
import { jsonTexts } from '../../src/framing/json-texts.js';
import { lengthPrefixed } from '../../src/framing/length-prefixed.js';
import { lines } from '../../src/framing/lines.js';
import { varintPrefixed } from '../../src/framing/varint-prefixed.js';
import { plain, words } from '../contracts/framing-samples.js';
import { partitions } from '../helpers/cuts.js';
import { hexOf, streamOf } from '../helpers/decoded.js';
import { Bench } from '../helpers/machine-bench.js';

const samples: Readonly<Record<string, readonly [Framing, readonly Uint8Array[]]>> = {
  lengthPrefixed: [lengthPrefixed({ size: 3 }), plain],
  varintPrefixed: [varintPrefixed(), [new Uint8Array(3), new Uint8Array(0), new Uint8Array(200)]],
  delimited: [delimited(words('--', ';', 'end;')), words('hi', '', 'a-b-c', 'x', 'y-z', '')],
  lines: [lines({ ending: '\r\n' }), words('a', '', '\r', 'b\rc', '', 'def', '')],
  fixedLength: [fixedLength(7), words('1234567', 'abcdefg', '.......')],
  jsonTexts: [jsonTexts(), words('{"a":"\\""}', '[]', '[[],{}]', '{}')],
};

describe.each(Object.entries(samples))('%s', (_, [framing, messages]) => {
  it('decodes all 524,288 partitions of 20 bytes alike', () => {
    const bytes = streamOf(framing, messages).subarray(0, 20);
    expect(bytes.length).toBe(20);
    const expected = read(framing, [bytes.slice()]);
    let different = 0;
    for (const chunks of partitions(bytes)) if (read(framing, chunks) !== expected) different += 1;
    expect(different).toBe(0);
    expect(expected).not.toBe('');
  });
});

/** The messages, and what is left. */
function read(framing: Framing, chunks: readonly Uint8Array[]): string {
  const { machine } = new Bench(framing);
  let all = '';
  for (const chunk of chunks) {
    machine.push(chunk);
    for (let message = machine.read(); message; message = machine.read()) all += `${hexOf(message)} `;
  }
  return `${all}+ ${machine.rest().map(hexOf).join('')}`;
}
