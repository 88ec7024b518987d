import { consume, lengthPrefixed } from 'rx-tinyproto';
import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  map,
  merge,
  range,
  switchMap,
  take,
  tap,
  timer,
} from 'rxjs';
import { echoes } from '../apps.js';
import { again, asks, atOnce, check, expect, inTurn, peerDoes, withServer } from '../plays.js';
import { virtualRoad } from '../roads.js';
import { type App, chapter, fact, type Play } from '../suite.js';
import { everyTongue, half, oneWays, pipelined, strict, tinyprotos } from '../tongues.js';
import {
  all,
  body,
  fin,
  header,
  hears,
  hearsWhatever,
  hex,
  message,
  messageBytes,
  ok,
  opening,
  rst,
  says,
  times,
  waits,
} from '../words.js';

const letters = (size: number) => new Uint8Array(size).fill(0x61);
const limits = { maxMessageBytes: 100_000 };

/** Answers whoever says something. */
const answersWords: App = (connection) =>
  connection.messages$.pipe(consume((each) => (each.length > 0 ? connection.send(each) : EMPTY)));

/** So many who say that the largest message comes, and say no more; among them, one who asks. */
const announcing = (count: number, heavy: true | 'very'): Play => ({
  name: `${count} of them`,
  heavy,
  bufferBytes: 16 << 20,
  plays: (stage) =>
    withServer(stage, { app: echoes }, ({ at }) =>
      merge(
        atOnce(count, () =>
          peerDoes(stage, at, [
            says(opening, hex('00800000')),
            hears(opening),
            hearsWhatever,
            waits(500),
            rst,
          ]),
        ),
        inTurn(
          timer(300),
          again(5, () => peerDoes(stage, at, asks)),
        ),
      ),
    ),
});

/** What this process has worked since, in milliseconds: what others work beside it is no block of ours. */
const spent = (since: NodeJS.CpuUsage) => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1_000;
};

/** On a network in memory, in real time: TCP would put the bytes together again. */
const dripping = (size: number, heavy: true | 'very'): Play => ({
  name: `${size >> 20} MiB`,
  roads: ['TCP'],
  heavy,
  bufferBytes: 2 * size + (2 << 20),
  plays: ({ book }) => {
    const road = virtualRoad();
    const blocks: number[] = [];
    let came = 0;
    const weighs: App = ({ messages$ }) => messages$.pipe(tap(({ length }) => (came += length)));
    const head = all(opening, header(letters(size)))(strict).bytes;
    const pieces = range(Math.ceil((head.length + size) / 1_000)).pipe(map((index) => index * 1_000));
    return withServer({ road, book }, { app: weighs }, ({ at }) =>
      inTurn(
        road.dial(at).pipe(
          take(1),
          switchMap((end) => {
            end.bytes$.subscribe({ error() {} });
            const drip = (from: number) => {
              const began = process.cpuUsage();
              for (let byte = from; byte < Math.min(from + 1_000, head.length + size); byte++)
                end.write(Uint8Array.of(head[byte] ?? 0x61));
              return timer(0).pipe(tap(() => blocks.push(spent(began))));
            };
            return pieces.pipe(concatMap(drip), tap({ complete: () => end.fin() }));
          }),
        ),
        book.over(1),
        check(() => {
          expect('it is delivered', came === size);
          blocks.sort((one, other) => one - other);
          // A collector blocks by itself: the worst of a thousand turns may.
          const worst = blocks[Math.floor(blocks.length * 0.999) - 1] ?? 0;
          expect(`no block above 50 ms: ${worst}`, worst <= 50);
        }),
      ),
    );
  },
});

export const hostileChapter = chapter(3, 'Hostile sizes', [
  fact('A message at the bound is taken', {
    peer: [says(opening, message(letters(100_000))), hears(opening, ok), fin],
    limits,
    ends: 'peer',
    tongues: everyTongue,
  }),
  fact('A size above the bound is refused, and the connection lives', {
    peer: [
      says(opening),
      hears(opening),
      says(header(letters(100_001))),
      hears(hex('fd')),
      says(message('a')),
      hears(ok),
      fin,
    ],
    limits,
    ends: 'peer',
    tongues: tinyprotos,
  }),
  fact('A message above the bound ends a framing that cannot refuse it', {
    peer: [says(message('a'), message(letters(100_001)))],
    limits,
    ends: 'error message-too-large',
    delivers: 1,
    tongues: everyTongue.filter(({ opening }) => opening.length === 0),
  }),
  fact(
    'A size that nobody can mean is refused before anything is stored',
    ...['7fffffff', '80000000', 'efffffff', 'f0000000', 'f0ffffff'].map((size) => ({
      name: size,
      peer: [
        says(opening),
        hears(opening),
        says(hex(size)),
        hears(hex('fd')),
        says(message('a')),
        hears(ok),
        fin,
      ],
      ends: 'peer',
      tongues: tinyprotos,
      bufferBytes: 4 << 20,
    })),
  ),
  fact(
    'What begins with f1 to ff is no size',
    ...['f1000000', 'f7ffffff', 'feffffff'].map((size) => ({
      name: size,
      peer: [says(opening), hears(opening), says(hex(size))],
      ends: 'error unexpected-signal',
      tongues: tinyprotos,
    })),
    ...['ff000000', 'ffffffff', 'fd000000'].map((size) => ({
      name: size,
      peer: [says(opening), hears(opening), says(hex(size))],
      ends: 'error unexpected-answer',
      tongues: tinyprotos,
    })),
  ),
  fact('A small bound ends the connection behind its refusal, which reaches the peer', {
    peer: [says(opening), hears(opening), says(header(letters(1_001))), hears(hex('fd'))],
    limits: { maxMessageBytes: 1_000 },
    ends: 'error message-too-large',
    sees: 'fin',
    tongues: tinyprotos,
  }),
  fact('A refused payload that comes all the same ends the connection', {
    peer: [
      says(opening),
      hears(opening),
      says(header(letters(100_001))),
      hears(hex('fd')),
      says(hex('ff'.repeat(20))),
    ],
    limits,
    ends: 'error unexpected-answer',
    tongues: [strict, pipelined],
  }),
  fact('Our own message above the bound fails here, and the connection lives', {
    peer: [says(opening), hears(opening, header('a')), says(ok), hears(body('a')), fin],
    ours: (connection, book) =>
      concat(
        book.send(connection, letters(100_001)).pipe(catchError(() => EMPTY)),
        book.send(connection, messageBytes('a')),
      ),
    limits,
    sends: ['not-sent message-too-large', 'taken'],
    ends: 'us',
    tongues: everyTongue,
  }),
  fact(
    'A flood of empty messages beyond every bound is cut',
    {
      name: 'unanswered',
      peer: [says(opening, times(1_000, message('')))],
      ends: 'error too-many-unanswered',
      delivers: 'prefix',
      tongues: [strict, pipelined],
    },
    {
      name: 'unconsumed',
      peer: [says(opening, times(1_000, message('')))],
      limits: { maxUnconsumedMessages: 100 },
      ends: 'error inbox-overflow',
      delivers: 'prefix',
      tongues: [half],
      cuts: ['whole'],
    },
  ),
  fact(
    'Peers that announce the largest message and stop cost no memory, and others are served',
    announcing(100, true),
    announcing(1_000, 'very'),
  ),
  fact(
    'The largest message in chunks of one byte costs twice its size at most, and blocks nobody for long',
    dripping(1 << 20, true),
    dripping(8 << 20, 'very'),
  ),
  fact('A flood of empty messages starves nobody', {
    heavy: true,
    plays: (stage) =>
      withServer(stage, { app: answersWords, framing: lengthPrefixed() }, ({ at }) =>
        defer(() => {
          const [tongue] = oneWays;
          const flood = stage.road.dial(at).pipe(
            take(1),
            switchMap((end) =>
              timer(0, 1).pipe(
                take(50),
                tap({ next: () => end.write(new Uint8Array(40_000)), complete: () => end.fin() }),
              ),
            ),
          );
          const asks = inTurn(
            again(20, () => peerDoes(stage, at, [says(message('a')), hears(message('a')), fin], tongue)),
          );
          return merge(flood, asks);
        }),
      ),
  }),
]);
