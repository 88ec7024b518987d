import { gzipSync } from 'node:zlib';
import { codecs, type LengthPrefixedOptions, lengthPrefixed, lines, text } from 'rx-tinyproto';
import { compressed } from 'rx-tinyproto/node';
import { reads } from '../apps.js';
import { check, expect, inTurn, peerDoes, withServer } from '../plays.js';
import { chapter, fact, type Play, type Script } from '../suite.js';
import { oneWay } from '../tongues.js';
import { fin, hears, hex, message, messageBytes, says, unwanted } from '../words.js';

const bytes = (words: string) => hex(Buffer.from(words).toString('hex'));

/** In a layout of its own, there and back. */
const layout = (name: string, options: LengthPrefixedOptions): Script => ({
  name,
  peer: [says(message('a'), message(''), message('x'.repeat(200))), fin],
  ends: 'peer',
  tongues: [oneWay(`lengthPrefixed, ${name}`, () => lengthPrefixed(options))],
});

const widths = [1, 2, 3, 4, 6, 8] as const;
const plainLines = oneWay('lines', ({ maxMessageBytes = 65_536 }) =>
  lines({ maxLineBytes: maxMessageBytes }),
);

/** What a raw peer says in lines, and the lines that it said by that. */
const inLines = (name: string, said: string, delivered: readonly string[], ends: string): Script => ({
  name,
  peer: [says(unwanted(bytes(said))), fin],
  ours: (connection, book) => {
    book.watch('closed$', connection.closed$).subscribe(() => {
      const heard = book.messages.map((each) => Buffer.from(each).toString());
      if (heard.join('|') !== delivered.join('|')) book.faults.push(`lines are ${JSON.stringify(heard)}`);
    });
    return reads(connection, book);
  },
  delivers: 'whatever',
  ends,
  tongues: [plainLines],
});

const words = 'é€😀';
const utf8 = Buffer.from(`${words}\n`);

export const otherFramingsChapter = chapter(15, 'Other framings', [
  fact(
    'Length fields of every size and order are read',
    ...widths.flatMap((size) => [
      layout(`${size} bytes`, { size }),
      layout(`${size} bytes, little-endian`, { size, littleEndian: true }),
    ]),
    layout('behind two bytes, counting itself', {
      size: 2,
      offset: 2,
      adjust: -4,
      strip: 4,
      header: Uint8Array.of(0xca, 0xfe),
    }),
  ),
  fact(
    'A size above 2⁵³ is too large, in whatever order',
    ...(['7fffffffffffffff', 'ffffffffffffffff', '0020000000000000'] as const).map(
      (size): Script => ({
        name: size,
        peer: [says(hex(size))],
        ends: 'error message-too-large',
        tongues: [oneWay('lengthPrefixed, 8 bytes', () => lengthPrefixed({ size: 8 }))],
      }),
    ),
    {
      name: 'little-endian',
      peer: [says(hex('0000000000002000'))],
      ends: 'error message-too-large',
      tongues: [
        oneWay('lengthPrefixed, 8 bytes, little-endian', () =>
          lengthPrefixed({ size: 8, littleEndian: true }),
        ),
      ],
    },
  ),
  fact(
    'Lines end with LF or CRLF, wherever they are cut, and CR alone ends none',
    inLines('LF', 'a\nb\n', ['a', 'b'], 'peer'),
    inLines('CRLF', 'a\r\nb\r\n', ['a', 'b'], 'peer'),
    inLines('both', 'a\nb\r\n\n', ['a', 'b', ''], 'peer'),
    inLines('CR within', 'a\rb\r\r\n', ['a\rb\r'], 'peer'),
    inLines('CR at the end', 'a\nb\r', ['a'], 'error cut-short'),
    inLines('none at the end', 'a\nb', ['a'], 'error cut-short'),
  ),
  fact('A line without an end is cut at its bound', {
    peer: [says(unwanted(bytes('x'.repeat(2_000))))],
    limits: { maxMessageBytes: 1_000 },
    ends: 'error message-too-large',
    tongues: [plainLines],
    bufferBytes: 1 << 20,
  }),
  fact(
    'UTF-8 is whole, at whichever byte it is cut',
    ...Array.from({ length: utf8.length + 1 }, (_, at): Script => {
      const [one, other] = [utf8.subarray(0, at), utf8.subarray(at)].map((each) => hex(each.toString('hex')));
      return {
        ...inLines(`at byte ${at}`, `${words}\n`, [words], 'peer'),
        cuts: ['whole'],
        peer: [says(one ?? hex('')), hears(), says(other ?? hex('')), fin],
      };
    }),
  ),
  fact(
    'What is no UTF-8, or inflates without end, ends its connection, and its sender knows no more than that',
    ...undecodable(),
  ),
]);

/** Codecs that meet what they cannot decode. */
function undecodable(): Play[] {
  const bomb = gzipSync(Buffer.alloc(64 << 20), { level: 1 });
  const bombed = codecs(text(), compressed({ format: 'gzip', maxInflatedBytes: 1_000_000 }));
  const tongue = oneWay('lengthPrefixed', () => lengthPrefixed());
  const cases = {
    'invalid UTF-8': { codec: text(), said: Uint8Array.of(0x61, 0xff) },
    'half of a character': { codec: text(), said: Uint8Array.of(0xe2, 0x82) },
    'what inflates without end': { codec: bombed, said: new Uint8Array(bomb) },
    'what does not inflate': { codec: bombed, said: messageBytes('hello') },
  };
  return Object.entries(cases).map(
    ([name, { codec, said }]): Play => ({
      name,
      bufferBytes: 8 << 20,
      plays: (stage) =>
        withServer(stage, { app: reads, codec, framing: lengthPrefixed() } as never, ({ at }) =>
          inTurn(
            peerDoes(stage, at, [says(message(said))], tongue),
            stage.book.over(1),
            check(() => {
              expect(
                `${stage.book.endings} is not-decodable`,
                stage.book.endings[0] === 'error not-decodable',
              );
              expect('nothing is delivered', stage.book.messages.length === 0);
            }),
          ),
        ),
    }),
  );
}
