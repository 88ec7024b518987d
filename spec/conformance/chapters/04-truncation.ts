import { echoes, sends, takes } from '../apps.js';
import { chapter, fact, type Script } from '../suite.js';
import { everyTongue, oneWays, strict, tinyprotos } from '../tongues.js';
import {
  all,
  body,
  fin,
  first,
  header,
  hears,
  message,
  ok,
  opening,
  rst,
  says,
  type Tongue,
} from '../words.js';

const stream = all(opening, message('abc'), message(''), message('hello'));

/** Where a peer may end: behind its opening and behind each message. */
const boundaries = (tongue: Tongue) => {
  const { messages } = stream(tongue);
  return [tongue.opening.length, ...messages.map(({ endsAt }) => endsAt)];
};

const places = (tongue: Tongue) => Array.from({ length: stream(tongue).bytes.length + 1 }, (_, at) => at);

const finAt = (tongue: Tongue, at: number): Script[] => {
  const atBoundary = boundaries(tongue).includes(at);
  const same = {
    name: `after byte ${at}`,
    peer: [says(first(at, stream)), fin],
    tongues: [tongue],
    cuts: ['whole', 'byte by byte'],
  } as const;
  if (atBoundary) return [{ ...same, ends: 'peer' }];
  return [{ ...same, ends: at < tongue.opening.length ? 'opening cut-short' : 'error cut-short' }];
};

const rstAt = (tongue: Tongue, at: number): Script => ({
  name: `after byte ${at}`,
  peer: [says(first(at, stream)), rst],
  ends: ['error reset', 'error cut-short', 'opening reset', 'opening cut-short', 'nothing'],
  delivers: 'prefix',
  tongues: [tongue],
  cuts: ['whole'],
});

const large = 64 << 20;

export const truncationChapter = chapter(4, 'Truncation', [
  fact(
    'FIN after any byte delivers what was whole, and nothing by halves',
    ...everyTongue.flatMap((tongue) => places(tongue).flatMap((at) => finAt(tongue, at))),
  ),
  fact(
    'RST after any byte delivers a prefix, and nothing by halves',
    ...[strict, ...oneWays].flatMap((tongue) => places(tongue).map((at) => rstAt(tongue, at))),
  ),
  fact('The last message is delivered, though FIN is right behind it', {
    peer: [says(opening, message('the last one')), fin],
    ends: 'peer',
    tongues: everyTongue,
    roads: ['virtual', 'TCP', 'Unix socket'],
  }),
  fact('A peer that has ended still gets its answers, where directions end by themselves', {
    peer: [says(message('a'), message('b')), fin, hears(message('a'), message('b'))],
    ours: echoes,
    ends: 'peer',
    tongues: oneWays,
    roads: ['virtual', 'TCP', 'Unix socket'],
  }),
  fact('A peer that has ended can answer no size: what waits for it fails, and says so', {
    peer: [says(opening, message('a')), fin],
    ours: echoes,
    sends: [/^(not-sent|unknown) connection-closed$/],
    ends: ['peer', 'us'],
    tongues: tinyprotos.slice(0, 1),
  }),
  fact('The peer ends, or resets, while we write 64 MiB', {
    name: 'RST',
    peer: [says(opening), hears(opening, header(large)), says(ok), hears(first(100_000, body(large))), rst],
    ours: sends(large),
    limits: { maxMessageBytes: large },
    sends: ['unknown connection-closed'],
    ends: ['error reset', 'us reset'],
    cuts: ['whole'],
  }),
  fact('A peer that ends behind the answer to our header still gets the payload', {
    peer: [says(opening), hears(opening, header('abc')), says(ok), fin, hears(body('abc'))],
    ours: sends('abc'),
    sends: 'any',
    ends: ['peer', 'us'],
  }),
  fact('Whoever takes his time over what had come has all of it, whatever comes behind it', {
    peer: [says(opening, message('a'), message('b'), first(2, message('abc'))), fin],
    ours: takes(5),
    ends: 'error cut-short',
    tongues: everyTongue,
  }),
]);
