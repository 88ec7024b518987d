import { consume } from 'rx-tinyproto';
import { takeLast, tap } from 'rxjs';

import { partitions } from '../../helpers/cuts.js';
import { Bench } from '../../helpers/machine-bench.js';
import { echoes, floods, sends } from '../apps.js';
import { check, expect } from '../plays.js';
import { type App, chapter, fact, type Play, type Script } from '../suite.js';
import { everyTongue, strict, tinyprotos } from '../tongues.js';
import {
  all,
  body,
  deafens,
  fin,
  first,
  header,
  hears,
  listens,
  message,
  ok,
  opening,
  rest,
  type Step,
  says,
  type Tongue,
  times,
  waits,
} from '../words.js';

/** Letters, so that every framing can carry them. */
const letters = (size: number) => new Uint8Array(Buffer.alloc(size, 'abcdefghijklmnopqrstuvw'));
const filled = (size: number, byte: number) => new Uint8Array(size).fill(byte);

const sizes = [0, 1, 2, 3, 4, 5, 125, 126, 127, 128, 255, 256, 257, 65_535, 65_536, 65_537];
const everyRoad = ['virtual', 'TCP', 'Unix socket'] as const;

/** Hears them one by one, and answers each. */
const takesEach = (messages: readonly (Uint8Array | string)[]): Step[] =>
  messages.flatMap((each) => [hears(header(each)), says(ok), hears(body(each))]);

/** Keeps what it gets, and looks at the end whether it is still the same. */
const keeps: App = (connection, book) => {
  const kept: { readonly there: Uint8Array; readonly copy: Uint8Array }[] = [];
  return book.watch('messages$', connection.messages$).pipe(
    tap({
      next(there) {
        kept.push({ there, copy: there.slice() });
        book.messages.push(there);
      },
      complete() {
        if (kept.some(({ there, copy }) => Buffer.compare(there, copy) !== 0))
          book.faults.push('a message that changes');
      },
    }),
  );
};

const stream = all(opening, message('abc'), message(''), message('hello'));

/** The stream of 21 bytes, cut at these places. */
const cutAt = (...places: readonly number[]): Script => ({
  name: `cut at ${places.join(' and ')}`,
  peer: [
    ...[0, ...places].flatMap((from, index) => {
      const to = places[index];
      const piece = rest(from, to === undefined ? stream : first(to, stream));
      return [says(piece), waits(0)];
    }),
    fin,
  ],
  ends: 'peer',
  cuts: ['whole'],
});

/** So many bytes of the stream, cut in every way there is: straight into the state machine, because there are half a million of 20 bytes. */
const partitionsOf = (tongue: Tongue, count: number, heavy: true | 'very'): Play => ({
  name: `${tongue.name}, ${count} bytes`,
  roads: ['virtual'],
  heavy,
  plays: () =>
    check(() => {
      const bytes = stream(tongue).bytes.subarray(0, count);
      const heard = (chunks: Iterable<Uint8Array>) => {
        const bench = new Bench(tongue.framing({}));
        let all = '';
        for (const chunk of chunks) {
          bench.push(chunk);
          all += bench
            .drain()
            .map((message) => `${message}.`)
            .join('');
        }
        return all;
      };
      const expected = heard([bytes]);
      for (const chunks of partitions(bytes)) expect('they are alike', heard(chunks) === expected);
    }),
});

/** More than anybody's windows. */
const large = 64 << 20;

export const framingChapter = chapter(2, 'Framing', [
  fact(
    'A message of any size arrives',
    ...sizes.map((size) => ({
      name: `${size} bytes`,
      peer: [says(opening), says(message(letters(size))), hears(opening, ok), fin],
      ends: 'peer',
      tongues: everyTongue,
      ...(size < 300 && { roads: everyRoad }),
    })),
  ),
  fact(
    'A message of any size goes out',
    ...sizes.map((size) => ({
      name: `${size} bytes`,
      peer: [says(opening), hears(opening), ...takesEach([letters(size)]), fin],
      ours: sends(letters(size)),
      ends: 'us',
      sees: 'fin' as const,
      tongues: everyTongue,
      ...(size < 300 && { roads: everyRoad }),
    })),
  ),
  fact('16 MiB arrive, where so much is allowed', {
    peer: [says(opening, message(letters(16_777_216))), hears(opening, ok), fin],
    limits: { maxMessageBytes: 16_777_216 },
    heavy: true,
    ends: 'peer',
    tongues: everyTongue,
    cuts: ['whole', 'byte by byte'],
  }),
  fact('A message comes back as it went', {
    peer: [
      says(opening, message('to and fro')),
      hears(opening, ok, header('to and fro')),
      says(ok),
      hears(body('to and fro')),
      fin,
    ],
    ours: echoes,
    ends: 'peer',
    tongues: everyTongue,
  }),
  fact(
    'What is inside a message is nobody’s business',
    ...Object.entries({
      'all ff': filled(300, 0xff),
      'all 00': filled(300, 0),
      'a header': Uint8Array.of(0, 0, 0, 1),
      'headers and answers': Uint8Array.of(0xff, 0, 0, 0, 1, 0xff, 0xfd, 0xfe, 0, 0, 0, 0),
      varints: Uint8Array.of(0x80, 0x80, 0x01, 0x7f, 0xff),
    }).map(([name, inside]) => ({
      name,
      peer: [says(opening, message(inside), message('then')), hears(opening, ok, ok), fin],
      ends: 'peer',
      tongues: everyTongue,
    })),
  ),
  fact('Every 2-way cut of a stream gives the same', ...Array.from({ length: 20 }, (_, at) => cutAt(at + 1))),
  fact(
    'Every 3-way cut of a stream gives the same',
    ...Array.from({ length: 20 }, (_, one) =>
      Array.from(
        { length: 19 - one },
        (_, more): Script => ({ ...cutAt(one + 1, one + more + 2), roads: ['virtual'] }),
      ),
    ).flat(),
  ),
  fact('Sixty messages in one chunk arrive in order', {
    peer: [
      says(opening, ...Array.from({ length: 60 }, (_, at) => message(`message ${at}`))),
      hears(opening, times(60, ok)),
      fin,
    ],
    ends: 'peer',
    tongues: everyTongue,
  }),
  fact(
    'A thousand empty messages arrive',
    {
      name: 'one by one',
      peer: [
        says(opening),
        hears(opening),
        ...Array.from({ length: 1_000 }, () => [says(message('')), hears(ok)]).flat(),
        fin,
      ],
      ends: 'peer',
      tongues: everyTongue,
    },
    {
      name: 'sixty at a time',
      peer: [
        says(opening),
        hears(opening),
        ...Array.from({ length: 17 }, () => [says(times(60, message(''))), hears(times(60, ok))]).flat(),
        fin,
      ],
      ends: 'peer',
      tongues: everyTongue,
    },
  ),
  fact('Sends at the same time never interleave', {
    peer: [says(opening), hears(opening), ...takesEach(['one', letters(70_000), '', 'two', letters(5)]), fin],
    ours: floods('one', letters(70_000), '', 'two', letters(5)),
    ends: 'peer',
    tongues: everyTongue.filter(({ name }) => !name.includes('window')),
  }),
  fact('A window of frames goes out ahead of its answers, in order', {
    peer: [
      says(opening),
      hears(opening, message('one'), message('two'), message('')),
      says(ok),
      says(ok, ok),
      fin,
    ],
    ours: floods('one', 'two', ''),
    ends: 'peer',
    tongues: tinyprotos.filter(({ name }) => name.includes('window')),
  }),
  fact('What was delivered does not change any more', {
    peer: [
      says(opening),
      ...Array.from({ length: 30 }, (_, at) => says(message(letters(at * 7)))),
      hears(opening, times(30, ok)),
      fin,
    ],
    ours: keeps,
    ends: 'peer',
    tongues: everyTongue,
  }),
  fact('The caller’s buffer is its own again when the send is taken', {
    peer: [says(opening), hears(opening), ...takesEach(['first', 'FIRST']), fin],
    ours(connection, book) {
      const buffer = new TextEncoder().encode('first');
      const change = () => buffer.set(new TextEncoder().encode('FIRST'));
      return book.send(connection, buffer).pipe(
        tap(change),
        takeLast(1),
        consume(() => book.send(connection, buffer)),
      );
    },
    ends: 'us',
    tongues: everyTongue,
  }),
  fact('64 MiB go to a slow reader, and the rest waits for it', {
    peer: [
      says(opening),
      hears(opening, header(large)),
      deafens,
      says(ok),
      waits(100),
      listens,
      hears(body(large)),
      fin,
    ],
    ours: sends(large),
    limits: { maxMessageBytes: 64 << 20 },
    heavy: true,
    ends: 'us',
    tongues: [strict],
    cuts: ['whole'],
  }),
  fact(
    'Every partition of a stream gives the same',
    ...everyTongue.flatMap((tongue) => [
      partitionsOf(tongue, 12, true),
      partitionsOf(tongue, tongue === strict ? 20 : 16, 'very'),
    ]),
  ),
]);
