import { concat } from 'rxjs';
import { echoes, reads, sends, takes } from '../apps.js';
import { chapter, fact, type Script } from '../suite.js';
import { everyTongue, oneWays, strict, tinyprotos } from '../tongues.js';
import {
  all,
  body,
  fin,
  first,
  header,
  hears,
  hearsWhatever,
  message,
  ok,
  opening,
  rest,
  rst,
  type Step,
  says,
  type Tongue,
  waits,
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

/** The peer ends so when a part of a message has gone out. */
const whileWriting = (mebibytes: number, how: 'FIN' | 'RST'): Script => {
  const large = mebibytes << 20;
  return {
    name: `${how}, ${mebibytes} MiB`,
    peer: [
      says(opening),
      hears(opening, header(large)),
      says(ok),
      hears(first(100_000, body(large))),
      // What was asked for comes whole.
      ...(how === 'RST' ? [rst] : [fin, hears(rest(100_000, body(large)))]),
    ],
    ours: sends(large),
    limits: { maxMessageBytes: large },
    sends: ['unknown connection-closed'],
    ends: how === 'RST' ? ['error reset', 'us reset'] : ['peer', 'us', 'peer reset', 'error reset'],
    cuts: ['whole'],
    heavy: mebibytes > 16 ? 'very' : true,
  };
};

/** What we say of three messages, and behind which of its bytes a peer that takes them answers: our opening, and each header. */
const told = all(opening, header('abc'), body('abc'), header(''), header('hello'), body('hello'));
const answersAt = [1, 5, 12, 16];

/** Hears so many bytes of it, answers what of them is to be answered, and ends. */
const leavesAt = (at: number, ending: Step): Script => {
  const answered = answersAt.filter((each) => each <= at);
  const heard = [...answered, at].map((to, index, all) => rest(all[index - 1] ?? 0, first(to, told)));
  const failed = '(left|(not-sent|unknown) connection-closed)';
  // An answer that the end is right behind may not count any more; a reset takes with it what has not been read, our opening included.
  const fateOf = (answerAt: number) => {
    if (answerAt > at) return ending === fin ? `^${failed}$` : `^${failed}?$`;
    if (ending === rst) return `^(taken|${failed})?$`;
    return answerAt === at ? `^(taken|${failed})$` : '^taken$';
  };
  return {
    name: `${ending.does} after byte ${at}`,
    peer: [
      ...heard.flatMap((word, index) => [hears(word), ...(index < answered.length ? [says(ok)] : [])]),
      hearsWhatever,
      ending,
    ],
    ours: sends('abc', '', 'hello'),
    sends: at === 0 ? [] : answersAt.slice(1).map((each) => new RegExp(fateOf(each))),
    ends:
      at === 0
        ? ['opening cut-short', 'opening reset']
        : ['peer', 'us', 'error reset', 'us reset', 'opening reset', 'opening cut-short'],
    cuts: ['whole'],
  };
};

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
  fact(
    'The peer ends, or resets, while we write 64 MiB',
    ...[16, 64].flatMap((mebibytes) => [whileWriting(mebibytes, 'RST'), whileWriting(mebibytes, 'FIN')]),
  ),
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
  fact(
    'A peer that listens and ends behind any byte leaves no send unsettled, and none taken that it has not answered',
    ...[fin, rst].flatMap((ending) => Array.from({ length: 22 }, (_, at) => leavesAt(at, ending))),
  ),
  fact('We may end our direction, and what the peer says then is delivered', {
    peer: [says(message('a')), hears(message('b')), waits(20), says(message('c'), message('d')), fin],
    ours: (connection, book) =>
      concat(sends('b')(connection, book), connection.end(), reads(connection, book)),
    ends: ['us', 'peer'],
    sees: 'fin',
    tongues: oneWays,
    roads: ['virtual', 'TCP', 'Unix socket'],
  }),
]);
