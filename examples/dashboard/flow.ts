import { type Connection, consume, converse, serve, text } from 'rx-tinyproto';
import {
  catchError,
  concat,
  delay,
  EMPTY,
  exhaustMap,
  ignoreElements,
  interval,
  merge,
  mergeMap,
  type Observable,
  type OperatorFunction,
  of,
  range,
  repeat,
  takeUntil,
  timer,
} from 'rxjs';

/** For both sides. */
export const crowdOptions = { codec: text() };

/** An echo server whose answers take some time, so that there is something to see: each peer is held meanwhile. */
export function slowEcho(ms: number): OperatorFunction<Connection<string>, never> {
  const slowly = (line: string) => of(line).pipe(delay(ms));
  return serve((conn) =>
    conn.messages$.pipe(
      consume((line) => concat(slowly(line).pipe(ignoreElements()), conn.send(line))),
      ignoreElements(),
    ),
  );
}

/** What a crowd is like. */
export interface Crowd {
  readonly people: number;
  /** Milliseconds between two lines of one of them. */
  readonly everyMs: number;
  /** Milliseconds that each stays, to come back a little later. */
  readonly stayMs: number;
}

/** People who come one after the other, say something now and then, and read the answers. `connection$` is what `connect` gives. */
export function crowd(
  connection$: Observable<Connection<string>>,
  { people, everyMs, stayMs }: Crowd,
): Observable<never> {
  const talk = (conn: Connection<string>, who: number) => {
    const line = (at: number) => `line ${at} of ${who} ${'·'.repeat((at * who) % 40)}`;
    const said$ = interval(everyMs).pipe(exhaustMap((at) => conn.send(line(at))));
    return merge(conn.messages$, said$).pipe(takeUntil(timer(stayMs)), ignoreElements());
  };
  const person = (who: number) =>
    connection$.pipe(
      converse((conn) => talk(conn, who)),
      catchError(() => EMPTY),
      repeat({ delay: 500 }),
    );
  return range(0, people).pipe(
    mergeMap((who) => timer((who * 1_000) / people).pipe(mergeMap(() => person(who)))),
  );
}
