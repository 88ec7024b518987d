import { type Connection, consume } from 'rx-tinyproto';
import {
  catchError,
  concat,
  concatMap,
  EMPTY,
  expand,
  finalize,
  ignoreElements,
  merge,
  mergeMap,
  NEVER,
  Observable,
  of,
  Subscription,
  take,
  takeUntil,
  tap,
  timer,
} from 'rxjs';
import { reads } from '../apps.js';
import type { Book } from '../book.js';
import { type App, chapter, fact } from '../suite.js';
import { everyTongue, oneWays, strict, tinyprotos } from '../tongues.js';
import {
  body,
  fin,
  header,
  hears,
  hearsWhatever,
  message,
  messageBytes,
  ok,
  opening,
  says,
  times,
  waits,
} from '../words.js';

const open = [says(opening), hears(opening)];
const a = messageBytes('a');

/** Reads, and does something at each message, from inside of `next`. */
const inside =
  (act: (connection: Connection, book: Book) => void): App =>
  (connection, book) =>
    book.read(connection).pipe(tap(() => act(connection, book)));

/** Two who read the same, written down each; they must agree on the order. */
const twoReaders: App = (connection, book) => {
  const orders: string[][] = [[], []];
  const reader = (index: 0 | 1) =>
    connection.messages$.pipe(
      tap((each) => {
        orders[index]?.push(new TextDecoder().decode(each));
        if (index === 0) book.send(connection, each).subscribe({ error() {} });
      }),
    );
  return merge(reader(0), reader(1), book.read(connection)).pipe(
    tap({
      complete() {
        if (orders[0]?.join() !== orders[1]?.join()) book.faults.push(`two orders: ${orders.join(' | ')}`);
      },
    }),
  );
};

const throwing = () => {
  throw new RangeError('in a teardown');
};

export const reactiveChapter = chapter(11, 'Reactive contract', [
  fact(
    'Whatever is done from inside of next, the connection stays whole',
    ...Object.entries({
      close: (connection: Connection) => connection.close().subscribe(),
      destroy: (connection: Connection) => connection.destroy(),
      'destroy with an error': (connection: Connection) => connection.destroy(new RangeError('meant')),
      'close and destroy': (connection: Connection) => {
        connection.close().subscribe();
        connection.destroy();
      },
    }).map(([name, act]) => ({
      name,
      peer: [says(opening, times(5, message('a'))), hearsWhatever],
      ours: inside(act),
      delivers: 1,
      ends: ['us', 'us rangeerror'],
      tongues: everyTongue,
    })),
  ),
  fact('Sending from inside of next goes out in the order of the messages', {
    peer: [
      ...open,
      says(message('a')),
      hears(ok, header('a')),
      says(ok),
      hears(body('a')),
      says(message('b')),
      hears(ok, header('b')),
      says(ok),
      hears(body('b')),
      fin,
    ],
    ours: (connection, book) => book.read(connection).pipe(mergeMap((each) => book.send(connection, each))),
    ends: 'peer',
    tongues: everyTongue.filter(({ name }) => !name.includes('window')),
  }),
  fact('Two subscribers see the same order, though one sends from inside of it', {
    peer: [
      says(opening, message('a'), message('b'), message('c')),
      hearsWhatever,
      waits(20),
      says(times(3, ok)),
      waits(5),
      fin,
    ],
    ours: twoReaders,
    sends: 'any',
    ends: ['peer', 'error cut-short'],
    tongues: everyTongue.filter(({ opening }) => opening.length === 0),
  }),
  fact('take(1) leaves the rest, for whoever comes next', {
    peer: [says(opening, message('a'), message('b'), message('c')), hears(opening, ok, ok, ok), fin],
    ours: (connection, book) =>
      concat(...[0, 1].map(() => book.read(connection).pipe(take(1))), reads(connection, book)),
    ends: 'peer',
    tongues: everyTongue,
  }),
  fact('A send that is made and never subscribed does nothing', {
    peer: [...open, says(message('a')), hears(ok), fin],
    ours: inside((connection) => void connection.send(a)),
    ends: 'peer',
    tongues: everyTongue,
  }),
  fact('A send that is subscribed twice goes out twice', {
    peer: [
      ...open,
      hears(header('a')),
      says(ok),
      hears(body('a'), header('a')),
      says(ok),
      hears(body('a')),
      fin,
    ],
    ours: (connection, book) => {
      const twice = book.send(connection, a);
      return concat(twice, twice);
    },
    sends: ['taken', 'taken'],
    ends: 'us',
    tongues: everyTongue,
  }),
  fact('A send after the end fails, and says that nothing was sent', {
    peer: [...open, fin],
    ours: (connection, book) =>
      concat(connection.close(), book.send(connection, a).pipe(catchError(() => EMPTY))),
    sends: ['not-sent connection-closed'],
    ends: 'us',
    tongues: everyTongue,
  }),
  fact('A send that is unsubscribed before its turn never goes out', {
    peer: [...open, hears(header('a')), waits(20), says(ok), hears(body('a')), fin],
    ours: (connection, book) =>
      merge(book.send(connection, a), book.send(connection, messageBytes('b')).pipe(takeUntil(timer(5)))),
    sends: ['taken', 'left'],
    ends: 'us',
    tongues: tinyprotos.filter(({ name }) => !name.includes('window')),
  }),
  fact('Unsubscribing from everything in every state leaves nothing behind', {
    peer: [says(opening, times(3, message('a'))), hearsWhatever, waits(30), fin],
    ours: (connection, book) =>
      concat(
        ...[0, 1, 2, 5].map((ms) =>
          merge(
            connection.flow$,
            connection.closed$,
            connection.close === undefined ? EMPTY : NEVER,
            connection.messages$.pipe(takeUntil(timer(ms))),
          ).pipe(takeUntil(timer(ms)), ignoreElements()),
        ),
        of(book.messages.length),
      ),
    delivers: 'prefix',
    ends: ['us', 'peer', 'us reset'],
    tongues: everyTongue,
  }),
  fact('What a user’s next throws is reported once, and harms nobody', {
    peer: [says(opening, message('a'), message('b')), hears(opening, ok, ok), fin],
    ours: (connection, book) => {
      const user = new Subscription();
      user.add(
        connection.messages$.pipe(take(1)).subscribe(() => {
          throw new Error('in next');
        }),
      );
      return reads(connection, book);
    },
    reports: 1,
    ends: 'peer',
    tongues: everyTongue,
  }),
  fact('A user’s subscription without an error handler gives one report, the library’s own none', {
    peer: [...open, fin],
    ours: (connection) =>
      connection.close().pipe(
        concatMap(() => {
          connection.send(a).subscribe();
          return EMPTY;
        }),
      ),
    reports: 1,
    ends: 'us',
    tongues: everyTongue,
  }),
  fact('A thousand sends, each from the end of the one before, need no deep stack', {
    peer: [
      ...open,
      ...Array.from({ length: 1_000 }, () => [hears(header('a')), says(ok), hears(body('a'))]).flat(),
      fin,
    ],
    ours: (connection, book) =>
      book.send(connection, a).pipe(
        expand((_, index) => (index < 999 ? book.send(connection, a) : EMPTY)),
        ignoreElements(),
      ),
    ends: 'us',
    tongues: [strict, ...oneWays.slice(0, 1)],
    cuts: ['whole'],
    heavy: true,
  }),
  fact('An asynchronous handler that fails harms its own connection alone', {
    peer: [...open, says(message('a')), hearsWhatever],
    ours: (connection, book) =>
      book.read(connection).pipe(
        consume(async () => {
          await Promise.resolve();
          throw new Error('in a promise');
        }),
        concatMap(() => EMPTY),
      ),
    roads: ['TCP'],
    ends: ['us', 'error reset'],
    tongues: everyTongue,
  }),
  fact(
    'Unsubscribing from inside of next ends the reading there, and the rest is there for the next reader',
    {
      peer: [says(opening, message('a'), message('b'), message('c')), hears(opening, ok, ok, ok), fin],
      ours: (connection, book) => {
        const first = new Observable((subscriber) => {
          const reading = new Subscription();
          reading.add(
            book.read(connection).subscribe(() => {
              reading.unsubscribe();
              subscriber.complete();
            }),
          );
          return reading;
        });
        return concat(first, reads(connection, book));
      },
      ends: 'peer',
      tongues: everyTongue,
    },
  ),
  fact('What throws in an operator of a handler ends its own connection', {
    peer: [...open, says(message('a')), hearsWhatever],
    ours: inside(() => {
      throw new RangeError('in an operator');
    }),
    ends: 'us',
    tongues: everyTongue,
  }),
  fact(
    'What throws in the teardown of a handler ends nothing but its own connection',
    {
      name: 'behind messages',
      peer: [...open, says(message('a')), hearsWhatever, fin],
      ours: (connection, book) => book.read(connection).pipe(finalize(throwing)),
      ends: ['peer', 'us'],
      tongues: everyTongue,
    },
    {
      name: 'at its own end',
      peer: [...open, hearsWhatever],
      ours: () => timer(5).pipe(finalize(throwing)),
      ends: 'us',
      sees: 'fin',
      sides: ['server'],
      tongues: everyTongue,
    },
  ),
]);
