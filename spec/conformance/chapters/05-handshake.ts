import { connect, converse, listen, serve, tinyproto } from 'rx-tinyproto';
import {
  concatMap,
  defer,
  ignoreElements,
  map,
  merge,
  mergeMap,
  ReplaySubject,
  range,
  take,
  tap,
  toArray,
} from 'rxjs';
import { echoes, floods, holds, sends, takes } from '../apps.js';
import { chapter, fact, type Play, type Script } from '../suite.js';
import { half, pipelined, strict, tinyprotos } from '../tongues.js';
import {
  body,
  fin,
  header,
  hears,
  hearsWhatever,
  hex,
  message,
  ok,
  opening,
  rst,
  type Step,
  says,
  times,
  unwanted,
  waits,
} from '../words.js';

const byte = (value: number) => value.toString(16).padStart(2, '0');
const open: readonly Step[] = [says(opening), hears(opening)];
const large = new Uint8Array(100_000).fill(0x61);
const full = [strict, pipelined];

/** What our side makes of a byte where it waits for an answer. */
const answered = (value: number): Pick<Script, 'ends' | 'sends'> => {
  if (value === 0xff) return { ends: 'us', sends: ['taken'] };
  if (value === 0xfd) return { ends: 'us', sends: ['refused refused'] };
  if (value <= 0xf0) return { ends: 'error header-timeout', sends: ['not-sent connection-closed'] };
  return { ends: 'error unexpected-signal', sends: ['not-sent connection-closed'] };
};

/** Two of ours that stream to each other, with these windows. */
const stream = (count: number, windows: readonly [number, number]): Play => ({
  name: `windows ${windows.join(' and ')}`,
  heavy: true,
  plays: ({ road, book }) =>
    defer(() => {
      const at = new ReplaySubject<Parameters<typeof connect>[0]>(1);
      const numbers = (from: string) =>
        range(count).pipe(
          map((each) => new TextEncoder().encode(`${from}${each}`)),
          toArray(),
        );
      const talk = (from: string) => (connection: Parameters<Parameters<typeof converse>[0]>[0]) =>
        merge(
          connection.messages$.pipe(
            take(count),
            map((each, index) => {
              const expected = `${from === 'a' ? 'b' : 'a'}${index}`;
              if (new TextDecoder().decode(each as Uint8Array) !== expected)
                throw new Error(`not ${expected}`);
              return index;
            }),
          ),
          numbers(from).pipe(
            mergeMap((all) => connection.sendAll(all as never)),
            ignoreElements(),
          ),
        );
      const serving = listen(road.address(), {
        transport: book.wires(road.transport),
        framing: tinyproto({ window: windows[0] }),
        openObserver: { next: ([bound]) => bound && at.next(bound) },
      })
        .pipe(tap(book.opened), serve(talk('a')))
        .subscribe({ error: (error) => book.faults.push(String(error)) });
      return at.pipe(
        take(1),
        concatMap((where) =>
          connect(where, {
            transport: book.wires(road.transport),
            framing: tinyproto({ window: windows[1] }),
          }).pipe(tap(book.opened), converse(talk('b'))),
        ),
        toArray(),
        tap((all) => {
          if (all.length !== count) throw new Error(`${all.length} of ${count} came`);
        }),
        concatMap(() => book.over(2)),
        tap(() => serving.unsubscribe()),
        concatMap(() => book.allClosed$),
      );
    }),
});

export const handshakeChapter = chapter(5, 'Handshake and collision', [
  fact('An answer may come late', {
    peer: [...open, hears(header('a')), waits(50), says(ok), hears(body('a')), fin],
    ours: sends('a'),
    ends: 'us',
    tongues: tinyprotos,
  }),
  fact('An answer may come together with a message', {
    peer: [...open, hears(header('a')), says(ok, message('b')), hears(body('a'), ok), fin],
    ours: floods('a'),
    ends: 'peer',
    tongues: full,
  }),
  fact(
    'Each byte in the place of an answer is what it is',
    ...Array.from({ length: 256 }, (_, value) => ({
      name: byte(value),
      peer: [
        ...open,
        hears(header('a')),
        says(hex(byte(value))),
        ...(value === 0xff ? [hears(body('a'))] : []),
      ],
      ours: sends('a'),
      limits: { headerTimeoutMs: 20 },
      ...([0, 1, 0xf0, 0xf1, 0xfc, 0xfd, 0xfe, 0xff].includes(value) ? {} : { roads: ['virtual'] as const }),
      ...answered(value),
    })),
  ),
  fact(
    'An answer that nobody asked for is lost step',
    ...['ff', 'fd'].map((signal) => ({
      name: signal,
      peer: [...open, says(message('a')), hears(ok), says(hex(signal))],
      ends: 'error unexpected-answer',
      tongues: tinyprotos,
    })),
  ),
  fact(
    'A signal that is none is lost step',
    ...['f1', 'f8', 'fc', 'fe'].map((signal) => ({
      name: signal,
      peer: [...open, says(message('a')), hears(ok), says(hex(signal))],
      ends: 'error unexpected-signal',
      tongues: tinyprotos,
    })),
  ),
  fact(
    'Headers that cross are a tie: both payloads go out at once, whatever is in them',
    ...[hex('ff'), hex('00'), hex('fd'), hex('ff ff ff ff'), hex('00 00 00 01'), hex('')].map(
      (inside, index) => {
        const payload = inside(strict).bytes;
        return {
          name: `payload ${index + 1}`,
          peer: [
            ...open,
            hears(header(payload)),
            says(message(payload)),
            hears(body(payload), ok),
            says(ok),
            fin,
          ],
          ours: floods(payload),
          ends: 'peer',
          tongues: [strict],
        };
      },
    ),
  ),
  fact('Two messages of ours cross with three of theirs, in each order', ...interleavings()),
  fact(
    'Headers cross, and then the peer ends at each step',
    ...[fin, rst].flatMap((ending) =>
      [
        [says(header('abc'))],
        [says(header('abc')), hears(body('a'), ok)],
        [says(header('abc')), hears(body('a'), ok), says(hex('61'))],
        [says(message('abc')), hears(body('a'), ok)],
        [says(message('abc'), ok), hears(body('a'), ok)],
      ].map(
        (steps, index): Script => ({
          name: `${ending.does} at step ${index + 1}`,
          peer: [...open, hears(header('a')), ...steps, hearsWhatever, ending],
          ours: floods('a'),
          delivers: 'prefix',
          sends: index === 4 ? [/./] : [/^(taken|(unknown|not-sent) connection-closed)$/],
          ends: ['peer', 'error cut-short', 'error reset', 'us', 'us reset', 'us cut-short'],
        }),
      ),
    ),
  ),
  fact('A message of ours that is refused is refused alone', {
    peer: [
      ...open,
      hears(header(large)),
      says(hex('fd')),
      hears(header('b')),
      says(ok),
      hears(body('b')),
      fin,
    ],
    ours: sends(large, 'b'),
    sends: ['refused refused', 'taken'],
    ends: 'us',
    tongues: tinyprotos,
  }),
  fact('A handler that answers from inside a full inbox is answered', {
    peer: [
      ...open,
      ...Array.from({ length: 30 }, (_, at) => [
        says(message(`m${at}`)),
        hears(ok, header(`m${at}`)),
        says(ok),
        hears(body(`m${at}`)),
      ]).flat(),
      fin,
    ],
    ours: echoes,
    ends: 'peer',
    tongues: tinyprotos,
  }),
  fact('A consumer at work withholds its answers, and they come when it is done', {
    peer: [
      ...open,
      says(message('a')),
      hears(ok),
      says(header('b')),
      waits(20),
      hears(ok),
      says(body('b')),
      fin,
    ],
    ours: takes(30),
    ends: 'peer',
    tongues: [strict],
    lastsMs: [60, 5_000],
  }),
  fact('In half duplex a header that crosses is a collision: nothing more is written', {
    peer: [...open, hears(header('a')), says(header('b')), waits(5)],
    ours: floods('a'),
    sends: [/^(unknown|not-sent) connection-closed$/],
    ends: 'error collision',
    sees: 'rst',
    tongues: [half],
    cuts: ['whole'],
  }),
  fact('In half duplex a peer that never answers is cut', {
    peer: [...open, hears(header('a'))],
    ours: floods('a'),
    limits: { okTimeoutMs: 40 },
    sends: ['not-sent connection-closed'],
    ends: 'error ok-timeout',
    tongues: [half],
  }),
  fact('Two sides that hold each other are cut, by whoever notices first', {
    peer: [...open, hears(header('x')), hearsWhatever, says(times(12, message('')))],
    ours: (connection, book) => merge(holds(connection, book), sends('x')(connection, book)),
    limits: { mutualHoldTimeoutMs: 50 },
    sends: 'any',
    delivers: 'prefix',
    ends: ['error mutual-hold', 'us mutual-hold'],
    tongues: [strict],
    cuts: ['whole'],
  }),
  fact(
    'Both sides stream 10,000 messages at full rate',
    stream(10_000, [1, 1]),
    stream(10_000, [1, 8]),
    stream(10_000, [8, 8]),
  ),
  fact('A message of ours that is refused in a tie goes out whole all the same, and the connection lives', {
    peer: [
      ...open,
      hears(header(large)),
      says(message('b')),
      hears(body(large), ok),
      says(hex('fd'), message('c')),
      hears(ok),
      fin,
    ],
    ours: floods(large),
    sends: ['refused refused'],
    ends: 'peer',
    tongues: [strict],
  }),
  fact('A message of theirs that is refused in a tie is skipped once, and the connection lives', {
    peer: [
      ...open,
      hears(header('a')),
      says(unwanted(message(large))),
      hears(body('a'), hex('fd')),
      says(ok, message('c')),
      hears(ok),
      fin,
    ],
    ours: floods('a'),
    limits: { maxMessageBytes: 70_000 },
    ends: 'peer',
    tongues: [strict],
  }),
]);

/** The orders in which three frames of theirs can stand between what they hear of our two. */
function interleavings(): Script[] {
  const out: Script[] = [];
  const theirs = ['x', 'yy', 'zzz'];
  for (let before = 0; before <= 3; before++) {
    for (let between = 0; before + between <= 3; between++) {
      const at = [
        theirs.slice(0, before),
        theirs.slice(before, before + between),
        theirs.slice(before + between),
      ];
      out.push({
        name: at.map((some) => some.join('+') || '-').join(' | '),
        peer: [
          ...open,
          ...exchange(at[0] ?? [], 'one'),
          ...exchange(at[1] ?? [], 'two'),
          ...(at[2] ?? []).flatMap((each) => [says(message(each)), hears(ok)]),
          fin,
        ],
        ours: floods('one', 'two'),
        ends: 'peer',
        tongues: [strict],
      });
    }
  }
  return out;
}

/** They have heard a header of ours, and say frames before they answer it: a tie. */
function exchange(before: readonly string[], ours: string): Step[] {
  if (before.length === 0) return [hears(header(ours)), says(ok), hears(body(ours))];
  const [first = '', ...more] = before;
  return [
    hears(header(ours)),
    says(message(first)),
    hears(body(ours), ok),
    ...more.flatMap((each) => [says(message(each)), hears(ok)]),
    says(ok),
  ];
}
