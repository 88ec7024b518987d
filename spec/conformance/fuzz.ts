import fc from 'fast-check';
import { consume } from 'rx-tinyproto';
import { catchError, defer, EMPTY, merge, mergeMap, NEVER, take, takeUntil, timer } from 'rxjs';
import { run } from './run.js';
import { type App, cuts, fact, type Script, sides } from './suite.js';
import { everyTongue } from './tongues.js';
import type { Variant } from './variants.js';
import {
  all,
  deafens,
  fin,
  first,
  header,
  hex,
  listens,
  message,
  ok,
  opening,
  rst,
  type Step,
  says,
  type Word,
  waits,
} from './words.js';

/** Something random, and how it is written: a failure is printed. */
interface Named<T> {
  readonly text: string;
  readonly is: T;
}

const named = <T>(text: string, is: T): Named<T> => ({ text, is });
const letters = (size: number) => 'abcdefghij'.repeat(Math.ceil(size / 10)).slice(0, size);

/** Mostly what a peer says that knows the protocol, and sometimes anything. */
const word: fc.Arbitrary<Named<Word>> = fc.oneof(
  { weight: 2, arbitrary: fc.constant(named('opening', opening)) },
  { weight: 3, arbitrary: fc.constant(named('ok', ok)) },
  {
    weight: 6,
    arbitrary: fc
      .constantFrom(0, 1, 5, 300, 70_000)
      .map((size) => named(`message(${size})`, message(letters(size)))),
  },
  { weight: 1, arbitrary: fc.nat({ max: 9 }).map((size) => named(`header(${size})`, header(letters(size)))) },
  {
    weight: 1,
    arbitrary: fc
      .nat({ max: 9 })
      .map((count) => named(`first(${count}, message(5))`, first(count, message(letters(5))))),
  },
  {
    weight: 1,
    arbitrary: fc
      .uint8Array({ maxLength: 6 })
      .map((bytes) => Buffer.from(bytes).toString('hex'))
      .map((digits) => named(`hex('${digits}')`, hex(digits))),
  },
);

const step: fc.Arbitrary<Named<Step>> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc
      .array(word, { minLength: 1, maxLength: 4 })
      .map((words) =>
        named(`says(${words.map(({ text }) => text)})`, says(all(...words.map(({ is }) => is)))),
      ),
  },
  { weight: 5, arbitrary: fc.nat({ max: 40 }).map((ms) => named(`waits(${ms})`, waits(ms))) },
  ...([fin, rst, deafens, listens] as const).map((is) => ({
    weight: 1,
    arbitrary: fc.constant(named(is.does, is)),
  })),
);

/** What a user does with a connection, whatever becomes of it. */
const deeds: Readonly<Record<string, App>> = {
  reads: (connection, book) => book.watch('messages$', connection.messages$),
  readsOne: (connection, book) => book.watch('messages$', connection.messages$).pipe(take(1)),
  worksOn: (connection, book) => book.watch('messages$', connection.messages$).pipe(consume(() => timer(7))),
  echoes: (connection, book) =>
    book.watch('messages$', connection.messages$).pipe(consume((each) => book.send(connection, each))),
  sends: (connection, book) => book.send(connection, Buffer.from(letters(5))),
  sendsMuch: (connection, book) => book.send(connection, Buffer.from(letters(80_000))),
  sendsAndLeaves: (connection, book) => book.send(connection, Buffer.from('x')).pipe(takeUntil(timer(3))),
  streams: (connection) => connection.sendAll(['a', 'b', 'c'].map((each) => Buffer.from(each))),
  closes: (connection) => connection.close(),
  destroys: (connection) =>
    defer(() => {
      connection.destroy();
      return EMPTY;
    }),
  resets: (connection) =>
    defer(() => {
      connection.destroy(new RangeError('meant'));
      return EMPTY;
    }),
};

const act = fc.record({ at: fc.nat({ max: 60 }), deed: fc.constantFrom(...Object.keys(deeds)) });

/** A whole conversation: what a raw peer does, what our side does, and on which cuts in which tongue. */
const conversation = fc.record({
  peer: fc.array(step, { maxLength: 12 }),
  acts: fc.array(act, { maxLength: 8 }),
  tongue: fc.constantFrom(...everyTongue),
  side: fc.constantFrom(...sides),
  cut: fc.constantFrom(...cuts),
});

/** Nothing is expected of it but what is asserted in every variant. */
export const property = fc.asyncProperty(conversation, async ({ peer, acts, tongue, side, cut }) => {
  const ours: App = (connection, book) =>
    merge(
      NEVER,
      ...acts.map(({ at, deed }) =>
        timer(at).pipe(
          mergeMap(() => deeds[deed]?.(connection, book) ?? EMPTY),
          catchError(() => EMPTY),
        ),
      ),
    ).pipe(takeUntil(timer(200)));
  const asked: Script = {
    peer: [...peer.map(({ is }) => is), listens],
    ours,
    ends: 'whatever',
    delivers: 'whatever',
    sends: 'any',
    roads: ['virtual'],
  };
  const variant: Variant = {
    number: '0',
    case: fact('fuzz', asked),
    asked,
    side,
    road: 'virtual',
    cut,
    tongue,
    seed: 1,
  };
  const { wrong } = await run(variant);
  if (wrong.length > 0) {
    const script = peer.map(({ text }) => text).join(', ');
    const told = acts.map(({ at, deed }) => `${deed} at ${at} ms`).join(', ');
    throw new Error(
      `${wrong.join('; ')}\n  our ${side}, ${tongue.name}, ${cut}\n  peer: ${script}\n  ours: ${told}`,
    );
  }
});
