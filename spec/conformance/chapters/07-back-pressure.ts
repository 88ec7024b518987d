import { broadcast, lengthPrefixed } from 'rx-tinyproto';
import {
  BehaviorSubject,
  catchError,
  concat,
  defer,
  delay,
  EMPTY,
  first,
  ignoreElements,
  merge,
  mergeMap,
  NEVER,
  of,
  range,
  Subject,
  switchMap,
  takeUntil,
  tap,
  timer,
} from 'rxjs';
import { holds, reads, readsOnly, takes } from '../apps.js';
import { again, atOnce, check, expect, inTurn, withServer } from '../plays.js';
import { type App, chapter, fact, type Play, type Script } from '../suite.js';
import { everyTongue, oneWays, strict, tinyprotos } from '../tongues.js';
import {
  deafens,
  fin,
  header,
  hears,
  hearsWhatever,
  message,
  messageBytes,
  ok,
  opening,
  rst,
  says,
  times,
  waits,
} from '../words.js';

/** Sends so many times without a thought, and lives on for a moment. */
const heedless =
  (count: number, bytes: Uint8Array): App =>
  (connection, book) =>
    merge(
      range(count).pipe(
        mergeMap(() =>
          (book.fates.length < 3_000 ? book.send(connection, bytes) : connection.send(bytes)).pipe(
            catchError(() => EMPTY),
          ),
        ),
        ignoreElements(),
      ),
      NEVER,
    ).pipe(takeUntil(timer(200)));

/** Does not read at first. */
const late: App = (connection, book) =>
  concat(of(0).pipe(delay(40), ignoreElements()), reads(connection, book));

const letters = (size: number) => 'abcdefghijklmnopqrstuvwxyz'.repeat(Math.ceil(size / 26)).slice(0, size);

/** So many who never read, and twenty who do: each of two hundred messages goes out when the twenty have heard the one before, so no clock has a say. */
const crowd = (count: number, heavy: true | 'very'): Play => ({
  name: `${count} of them`,
  heavy,
  bufferBytes: 192 << 20,
  plays: ({ road, book }) =>
    defer(() => {
      const room = broadcast({ maxPendingBytes: 32_768, onSlow: 'disconnect' });
      const word = messageBytes(letters(20_000));
      const frameBytes = 4 + word.length;
      const joined = new BehaviorSubject(0);
      const heard = new BehaviorSubject<readonly number[]>(Array(20).fill(0));
      const over = new Subject<void>();
      const app: App = (connection) => {
        joined.next(joined.value + 1);
        return room.join(connection);
      };
      const hears = (index: number) => (chunk: Uint8Array) =>
        heard.next(heard.value.map((bytes, at) => (at === index ? bytes + chunk.length : bytes)));
      return withServer(
        { road, book },
        { app, framing: lengthPrefixed(), writeTimeoutMs: 60_000 },
        ({ at, abort }) => {
          const well = atOnce(20, (index) =>
            road.dial(at).pipe(
              switchMap((end) => end.bytes$),
              tap(hears(index)),
            ),
          );
          const deaf = atOnce(count, () =>
            road.dial(at).pipe(
              tap((end) => end.deafen()),
              mergeMap(() => NEVER),
            ),
          );
          const allHave = (bytes: number) => heard.pipe(first((each) => Math.min(...each) >= bytes));
          const speaks = inTurn(
            joined.pipe(first((all) => all === count + 20)),
            again(200, (index) => inTurn(room.send(word), allHave((index + 1) * frameBytes))),
            // A kernel takes some megabytes for whoever does not read.
            road.name === 'virtual' ? book.over(count) : EMPTY,
            check(() => {
              expect(
                'nobody else is dropped',
                heard.value.every((bytes) => bytes === 200 * frameBytes),
              );
              const ends = book.endings.filter((reason) => reason !== undefined);
              expect(
                `${ends.length} are dropped`,
                ends.length <= count && ends.every((reason) => reason === 'us too-slow'),
              );
              abort();
              over.next();
            }),
          );
          return merge(
            speaks,
            merge(well, deaf).pipe(
              catchError(() => EMPTY),
              takeUntil(over),
            ),
          );
        },
      );
    }),
});

export const pressureChapter = chapter(7, 'Back-pressure and memory', [
  fact('Sends to a peer that never answers fail at the bound of the queue, one by one', {
    peer: [says(opening), hears(opening, header('x')), waits(100)],
    ours: heedless(2_000, messageBytes('x')),
    sends: Array.from({ length: 2_000 }, (_, at) => (at < 1_024 ? 'left' : 'not-sent queue-full')),
    options: { closeTimeoutMs: 50 },
    ends: ['us', 'us close-timeout'],
    tongues: [strict],
  }),
  fact(
    'Heedless sends to a peer that never reads cost what the queue may hold, however many',
    ...[
      { count: 100_000, heavy: true },
      { count: 1_000_000, heavy: 'very' },
    ].map(
      ({ count, heavy }): Script => ({
        name: `${count} sends`,
        peer: [says(opening), deafens, waits(100)],
        ours: heedless(count, new Uint8Array(1_000)),
        options: { closeTimeoutMs: 50, writeTimeoutMs: 5_000 },
        sends: 'any',
        ends: ['us', 'us close-timeout', 'us reset'],
        roads: ['TCP'],
        sides: ['server'],
        bufferBytes: 32 << 20,
        tongues: [strict, ...oneWays.slice(0, 1)],
        heavy: heavy as true | 'very',
      }),
    ),
  ),
  fact('Who never reads holds the peer, and is let go when the peer ends', {
    peer: [says(opening), hears(opening), says(message('a')), hears(ok), says(header('b')), waits(50), fin],
    ours: holds,
    options: { closeTimeoutMs: 60 },
    delivers: 'prefix',
    ends: ['error cut-short', 'peer', 'peer close-timeout'],
    tongues: [strict],
  }),
  fact('A peer that dies while it is held is noticed', {
    peer: [says(opening), says(times(40, message('held back'))), waits(30), rst],
    ours: holds,
    delivers: 'prefix',
    ends: ['error reset', 'error mutual-hold'],
    tongues: everyTongue.filter(({ name }) => !name.includes('half')),
  }),
  fact('A slow subscriber gets everything, in order', {
    peer: [
      says(opening),
      ...Array.from({ length: 8 }, (_, at) => says(message(`${at}`))),
      hears(opening, times(8, ok)),
      fin,
    ],
    ours: takes(5),
    ends: 'peer',
    tongues: everyTongue,
  }),
  fact('Messages before the first subscription wait for it', {
    peer: [says(opening, message('a'), message('b')), hears(opening, ok, ok), fin],
    ours: late,
    ends: 'peer',
    tongues: everyTongue,
  }),
  fact('What is left unread is there for the next subscriber', {
    peer: [says(opening, message('a'), message('b'), message('c')), hears(opening, ok, ok, ok), fin],
    ours: (connection, book) =>
      concat(readsOnly(1)(connection, book).pipe(takeUntil(timer(20))), reads(connection, book)),
    ends: 'peer',
    tongues: everyTongue,
  }),
  fact('In half duplex what nobody consumes has a bound', {
    peer: [says(opening), hears(opening), hearsWhatever, says(times(60, message('x')))],
    ours: holds,
    limits: { maxUnconsumedMessages: 10 },
    delivers: 'prefix',
    ends: 'error inbox-overflow',
    tongues: tinyprotos.filter(({ name }) => name.includes('half')),
  }),
  fact(
    'In a room, peers who never read are dropped at their bound, and the others get everything',
    crowd(100, true),
    crowd(1_000, 'very'),
  ),
]);
