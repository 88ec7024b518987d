import { chapter, fact, type Script } from '../suite.js';
import { everyTongue, tinyprotos } from '../tongues.js';
import { fin, first, hears, hex, message, ok, opening, rst, says, waits } from '../words.js';

const text = (words: string) => hex(Buffer.from(words).toString('hex'));
const byte = (value: number) => value.toString(16).padStart(2, '0');

/** What a wrong opening byte is called. */
const codeOf = (value: number) =>
  ({ 0: 'opening-refused', 253: 'conflict', 254: 'connection-limit' })[value] ?? 'bad-opening';

/** Over TCP it takes its time, so only some of them. */
const roadsOf = (value: number): Pick<Script, 'roads'> =>
  [0, 1, 0x16, 0x47, 0x7f, 0x80, 0xf0, 0xf1, 0xfc, 0xfd, 0xfe].includes(value) ? {} : { roads: ['virtual'] };

const foreign = {
  HTTP: text('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
  TLS: hex(`16030100f1010000ed0303${'5a'.repeat(32)}20${'a5'.repeat(32)}`),
  SSH: text('SSH-2.0-OpenSSH_9.6\r\n'),
  SMTP: text('220 mail.example ESMTP\r\n'),
};

export const openingChapter = chapter(1, 'Opening', [
  fact('The peer opens first', {
    peer: [says(opening), hears(opening), says(message('a')), hears(ok), fin],
    ends: 'peer',
    tongues: everyTongue,
  }),
  fact('We open first', {
    peer: [hears(opening), waits(5), says(opening), says(message('a')), hears(ok), fin],
    ends: 'peer',
    tongues: everyTongue,
  }),
  fact('The opening comes with the first message', {
    peer: [says(opening, message('a')), hears(opening, ok), fin],
    ends: 'peer',
    tongues: everyTongue,
  }),
  fact('The opening comes with the first message and FIN', {
    peer: [says(opening, message('a'), message('b')), fin, hears(opening, ok, ok)],
    ends: 'peer',
    tongues: everyTongue,
  }),
  fact('FIN comes before the opening', {
    peer: [hears(opening), fin],
    ends: 'opening cut-short',
    tongues: tinyprotos,
  }),
  fact('RST comes before the opening', {
    peer: [hears(opening), rst],
    ends: ['opening reset', 'opening cut-short'],
    tongues: tinyprotos,
  }),
  fact('FIN comes right behind the opening', {
    peer: [says(opening), fin, hears(opening)],
    ends: 'peer',
    tongues: everyTongue,
  }),
  fact('RST comes right behind the opening', {
    peer: [says(opening), hears(opening), rst],
    ends: ['error reset', 'opening reset', 'opening cut-short'],
    tongues: tinyprotos,
  }),
  fact(
    'Any of the other 255 bytes is refused by its code, whatever follows',
    ...Array.from({ length: 255 }, (_, value) => ({
      name: byte(value),
      ...roadsOf(value),
      peer: [says(hex(`${byte(value)} 0000`)), hears(opening)],
      ends: `opening ${codeOf(value)}`,
      cuts: ['whole'] as const,
    })),
  ),
  fact(
    'A foreign protocol is hung up on',
    ...Object.entries(foreign).map(([name, hello]) => ({
      name,
      peer: [says(hello), hears(opening)],
      ends: 'opening bad-opening',
      sees: 'fin' as const,
      tongues: tinyprotos,
    })),
  ),
  fact('Silence is cut at the deadline', {
    peer: [hears(opening)],
    limits: { openingTimeoutMs: 60 },
    ends: 'opening opening-timeout',
    lastsMs: [60, 2_000],
    tongues: tinyprotos,
  }),
  fact('A first half of a message behind the opening is cut short by FIN', {
    peer: [says(opening, first(2, message('abc'))), fin, hears(opening)],
    ends: 'error cut-short',
    tongues: tinyprotos,
  }),
]);
