import { type Framing, lengthPrefixed, lines, tinyproto } from 'rx-tinyproto';
import { everySplit, type FramingSamples, framingContract, hex, text } from 'rx-tinyproto/testing';
import { describe, expect, it } from 'vitest';
import { acknowledged } from '../helpers/acknowledged.js';

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

// Two whose directions depend on each other.
framingContract(tinyproto({ window: 3 }), { messages: ['hello', 'a', 'some more', ''] }, { describe, it });
framingContract(
  acknowledged(),
  {
    messages: ['hello', 'a', 'some more', 'b', 'c', 'd', 'e'],
    lies: {
      'an answer to nothing': [hex`00`, 'unexpected-answer'],
      'half a message': [hex`05 61`, 'cut-short'],
    },
  },
  { describe, it },
);

/** The names of the tests of a contract that a framing fails. */
function failuresOf(framing: Framing, samples: FramingSamples): string[] {
  const failed: string[] = [];
  const it = (name: string, test: () => void) => {
    try {
      test();
    } catch {
      failed.push(name);
    }
  };
  framingContract(framing, samples, { describe: (_, tests) => tests(), it });
  return failed;
}

describe('framingContract', () => {
  it('finds a framing that answers, and has no queue where frames go out at once', () => {
    expect(failuresOf(acknowledged({ queue: true }), { messages: ['a', 'b'] })).toEqual([
      'has its frames wait, where they would go out at once',
    ]);
  });

  it('finds a framing that never answers', () => {
    expect(failuresOf(acknowledged({ answers: true }), { messages: ['a', 'b'] })).toEqual([
      'carries messages both ways, cut anywhere, and ends in order',
      'carries messages both ways over wires that keep chunks',
    ]);
  });

  it('finds a framing that does not see that its peer has left before it is open', () => {
    const { open, ...rest } = tinyproto();
    const deaf: Framing = {
      ...rest,
      open(port) {
        const machine = open(port);
        Object.assign(machine, { receiveEnd: () => {} });
        return machine;
      },
    };
    expect(failuresOf(deaf, { messages: ['a', 'b'] })).toEqual([
      'fails where the peer has ended before it is open',
    ]);
  });

  it('finds a framing that only knows whole chunks, in any runner', () => {
    const failed = failuresOf(onlyWholeChunks, { messages: ['ab', 'c'] });
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
