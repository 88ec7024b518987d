import { type Connection, consume, lines, serve, text } from 'rx-tinyproto';
import type { SpanningRoom } from 'rx-tinyproto/nats';
import {
  catchError,
  concat,
  distinctUntilChanged,
  EMPTY,
  endWith,
  ignoreElements,
  map,
  merge,
  mergeMap,
  type Observable,
  type OperatorFunction,
  switchMap,
  take,
  takeUntil,
  takeWhile,
} from 'rxjs';

/*
 * One hall in many processes. This is all of a server: it knows neither how many others there are nor what connects them, which the room does.
 */

/** For `listen`: lines, so that `nc 127.0.0.1 7001` is a client. */
export const hallOptions = { framing: lines(), codec: text() };

/** Ends a stream when another has ended. */
const over = Symbol();

/**
 * Asks who comes for a name, and tells everybody in the hall what they say. Emits how the way to the other processes stands.
 *
 *     anna, here       "anna" ---"hi"----
 *     ben, elsewhere   ----------"anna: hi"
 */
export function hall(room: SpanningRoom<string>): OperatorFunction<Connection<string>, string> {
  return (connections$) => {
    const served$ = connections$.pipe(
      serve((conn, { stopping$ }) =>
        concat(conn.send('Your name?').pipe(ignoreElements()), conn.messages$.pipe(take(1))).pipe(
          switchMap((name) => visit(room, conn, name.slice(0, 40) || 'nobody', stopping$)),
          takeUntil(conn.closed$),
        ),
      ),
    );
    const states$ = room.state$.pipe(
      map(({ state }) => `The way to the others: ${state}`),
      distinctUntilChanged(),
    );
    return untilOver(merge(states$, served$.pipe(endWith(over))));
  };
}

function visit(
  room: SpanningRoom<string>,
  conn: Connection<string>,
  name: string,
  stopping$: Observable<void>,
): Observable<never> {
  const tell = (words: string) => room.send(words, { except: conn });
  const who$ = room.presence$.pipe(
    take(1),
    mergeMap((everyone) => conn.send([...everyone.values()].map(({ name }) => name).join(', '))),
  );
  const says$ = conn.messages$.pipe(
    takeUntil(stopping$),
    consume((line) => (line === '/who' ? who$ : tell(`${name}: ${line}`))),
    catchError(() => EMPTY), // who is cut off has left, too
  );
  const stays$ = concat(tell(`${name} has come`), says$, tell(`${name} has left`));
  return untilOver(merge(room.join(conn, name), stays$.pipe(ignoreElements(), endWith(over))));
}

function untilOver<T>(stream$: Observable<T | typeof over>): Observable<Exclude<T, typeof over>> {
  return stream$.pipe(takeWhile((value): value is Exclude<T, typeof over> => value !== over));
}
