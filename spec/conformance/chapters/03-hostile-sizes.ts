import { catchError, concat, EMPTY } from 'rxjs';
import { chapter, fact } from '../suite.js';
import { everyTongue, half, pipelined, strict, tinyprotos } from '../tongues.js';
import { body, fin, header, hears, hex, message, messageBytes, ok, opening, says, times } from '../words.js';

const letters = (size: number) => new Uint8Array(size).fill(0x61);
const limits = { maxMessageBytes: 100_000 };

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
]);
