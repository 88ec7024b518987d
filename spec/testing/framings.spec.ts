import { type Framing, lengthPrefixed, lines, tinyproto } from 'rx-tinyproto';
import { everySplit, framingContract, hex, text } from 'rx-tinyproto/testing';
import { describe, expect, it } from 'vitest';

// Our own framings are put to it in spec/framing, with more on top.
framingContract(
  lengthPrefixed(),
  {
    messages: ['hello', 'a', 'some more', ''],
    limited: (maxMessageBytes) => lengthPrefixed({ maxMessageBytes }),
    lies: { 'a size above the limit': [hex`ff ff ff ff`, 'message-too-large'] },
  },
  { describe, it },
);

describe('framingContract', () => {
  it('finds a framing that only knows whole chunks, in any runner', () => {
    const failed: string[] = [];
    framingContract(
      onlyWholeChunks,
      { messages: ['ab', 'c'] },
      {
        describe: (_, tests) => tests(),
        it(name, test) {
          try {
            test();
          } catch {
            failed.push(name);
          }
        },
      },
    );
    expect(failed).toContain('reads the same messages wherever the bytes are cut');
    expect(failed).not.toContain('reads one message of one chunk');
  });
});

describe('everySplit', () => {
  it('passes what comes out alike wherever it is cut', () => {
    everySplit(text`ab\nc\n`, lines()).gives(['ab', 'c']);
    everySplit(text`ab\nc`, lines()).gives(['ab'], 'cut-short');
    everySplit(text`ab\nc`, lines()).gives(['ab'], '');
  });

  it('knows handshakes, too', () => {
    everySplit(hex`ff | 00 00 00 02 68 69`, tinyproto()).gives(['hi']);
  });

  it('draws the cut that fails', () => {
    expect(() => everySplit(text`ab\nc\n`, lines()).gives(['ab', 'd'])).toThrow(
      "chunks    'ab\\nc\\n'\n  expected  'ab' 'd' |\n  received  'ab' 'c' |",
    );
  });

  it('finds a framing that only knows whole chunks', () => {
    expect(() => everySplit(text`ab\n`, onlyWholeChunks).gives(['ab'])).toThrow('when it is cut like this');
  });
});

/** Lines, by somebody who believes that a chunk is a message. */
const onlyWholeChunks: Framing = {
  ...lines(),
  open(port) {
    const machine = lines().open(port);
    const receive = (chunk: Uint8Array) => machine.push(chunk.at(-1) === 10 ? chunk : text`${'?'}\n`);
    return new Proxy(machine, {
      get(target, name) {
        const found: unknown = Reflect.get(target, name);
        if (name === 'push') return receive;
        return typeof found === 'function' ? found.bind(target) : found;
      },
    });
  },
};
