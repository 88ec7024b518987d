import { consume } from 'rx-tinyproto';
import {
  catchError,
  concatMap,
  EMPTY,
  from,
  ignoreElements,
  merge,
  NEVER,
  take,
  takeUntil,
  timer,
} from 'rxjs';
import type { App } from './suite.js';
import { type Message, messageBytes } from './words.js';

/** Reads until the peer ends. */
export const reads: App = Object.assign(((connection, book) => book.read(connection)) satisfies App, {
  python: { do: 'sink' },
});

/** Sends back what comes, one at a time. */
export const echoes: App = Object.assign(
  ((connection, book) =>
    book.read(connection).pipe(consume((each) => book.send(connection, each)))) satisfies App,
  { python: { do: 'echo' } },
);

/** Sends one after the other, whatever becomes of each, then ends. Does not read. */
export const sends = (...messages: readonly Message[]): App =>
  Object.assign(
    ((connection, book) =>
      from(messages).pipe(
        concatMap((each) => book.send(connection, messageBytes(each)).pipe(catchError(() => EMPTY))),
      )) satisfies App,
    {
      python: {
        do: 'stream',
        messages: messages.filter((each) => !(each instanceof Uint8Array)) as (string | number)[],
      },
    },
  );

/** Queues all at once, and reads until the peer ends. */
export const floods =
  (...messages: readonly Message[]): App =>
  (connection, book) =>
    merge(
      book.read(connection),
      ...messages.map((each) =>
        book.send(connection, messageBytes(each)).pipe(
          ignoreElements(),
          catchError(() => EMPTY),
        ),
      ),
    );

/** Takes so long over each message. */
export const takes =
  (ms: number): App =>
  (connection, book) =>
    book.read(connection).pipe(consume(() => timer(ms)));

/** Reads one message, and is never done with it. */
export const holds: App = (connection, book) => book.read(connection).pipe(consume(() => NEVER));

/** Reads so many messages, and then no more, and stays. */
export const readsOnly =
  (count: number): App =>
  (connection, book) =>
    merge(book.read(connection).pipe(take(count)), NEVER);

/** Closes at once. */
export const closes: App = () => EMPTY;

/** Does what another does, for so long, and closes. */
export const briefly =
  (ms: number, app: App = reads): App =>
  (connection, book) =>
    merge(app(connection, book), NEVER).pipe(takeUntil(timer(ms)));
