import { consume } from 'rx-tinyproto';
import {
  BehaviorSubject,
  concatMap,
  defer,
  dematerialize,
  EMPTY,
  finalize,
  first,
  from,
  ignoreElements,
  map,
  materialize,
  mergeMap,
  type Observable,
  of,
  repeat,
  takeWhile,
  tap,
} from 'rxjs';
import { asLongAs } from '../as-long-as.js';

/*
 * Many streams share a connection, and who is slow with one must not hold the others: so each has a window of its own. The server sends that many answers, and
 * then one for each that the client says it has dealt with.
 *
 *     handler    1-2-3-4-5-------6---      held, or waiting, behind the window
 *     server     1-2-----3---4---5---      window 2
 *     client     [ 1     )[2 )[3 )         at work on it
 *     more       --------+---+---+---
 */

/** How many answers of a handler that cannot be held may wait for the window, before its stream fails. */
const maxWaiting = 1_024;

/** A handler that cannot be held had more to say than a slow client takes. */
export class WindowError extends Error {}

export interface Window {
  readonly size: number;
  /** How many answers the client has dealt with, each time that it says so. */
  readonly more$: Observable<number>;
}

/**
 * Sends the values of a stream as the window allows. An `AsyncIterable` is asked for the next when there is room; an Observable that can be held is held (see `hold`);
 * of any other so much waits as may, and then the stream fails. Emits nothing.
 */
export function sendWithin<T>(
  { size, more$ }: Window,
  values: Observable<T> | AsyncIterable<T>,
  send: (value: T) => Observable<unknown>,
): Observable<never> {
  return defer(() => {
    const room = new BehaviorSubject(size);
    const granted$ = more$.pipe(tap((count) => room.next(Math.min(size, room.value + count))));
    const sendNext = (value: T) =>
      room.pipe(
        first((left) => left > 0),
        tap((left) => room.next(left - 1)),
        mergeMap(() => send(value)),
      );
    const sent$ = Symbol.asyncIterator in values ? drawn(values, sendNext) : held(values, sendNext);
    return granted$.pipe(asLongAs(sent$), ignoreElements());
  });
}

/** An error waits its turn behind the values. */
function held<T>(values$: Observable<T>, send: (value: T) => Observable<unknown>): Observable<unknown> {
  return defer(() => {
    let waiting = 0;
    return values$.pipe(
      tap(() => {
        waiting++;
        if (waiting > maxWaiting)
          throw new WindowError(`${maxWaiting} answers wait for a slow client already`);
      }),
      materialize(),
      consume(
        (event) =>
          event.kind === 'N'
            ? send(event.value).pipe(finalize(() => waiting--))
            : of(event).pipe(dematerialize()),
        { strict: false },
      ),
    );
  });
}

function drawn<T>(values: AsyncIterable<T>, send: (value: T) => Observable<unknown>): Observable<unknown> {
  return defer(() => {
    const iterator = values[Symbol.asyncIterator]();
    return defer(() => iterator.next()).pipe(
      concatMap(({ done = false, value }) => (done ? [done] : send(value).pipe(map(() => done)))),
      repeat(),
      takeWhile((done) => !done),
      finalize(() => from(iterator.return?.() ?? EMPTY).subscribe({ error: () => {} })), // nobody is left to tell
    );
  });
}
