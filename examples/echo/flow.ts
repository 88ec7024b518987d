import { type Connection, consume, converse, serve, text } from 'rx-tinyproto';
import { formatAddress } from 'rx-tinyproto/transport';
import {
  EMPTY,
  endWith,
  ignoreElements,
  map,
  merge,
  mergeMap,
  type Observable,
  type OperatorFunction,
  Subject,
  share,
  startWith,
  take,
  takeUntil,
  takeWhile,
} from 'rxjs';

/*
 * Echo, on the words of the Python original's example: either side here can be replaced by Python's.
 *
 * Full duplex, the default, is the right mode for that: line and answer come in lockstep, so no two headers ever cross. A Python client
 * that sends on without waiting for its answers would need `framing: tinyproto({ duplex: 'half' })` at the server.
 */

/** For `listen` and `connect`. */
export const echoOptions = { codec: text() };

/** Ends the conversation that it is said in. */
const QUIT = 'QUIT';
/** Ends the server, and with it every conversation. */
const SRVQUIT = 'SRVQUIT';

const isFarewell = (line: string) => line === QUIT || line === SRVQUIT;

/** Says each line back to who said it. Emits who comes and goes; completes when it was told to stop, and all have gone. */
export function echoServer(): OperatorFunction<Connection<string>, string> {
  return (connections$) => {
    const srvquit$ = new Subject<void>();
    const accepted$ = connections$.pipe(takeUntil(srvquit$), share());

    const answer = (conn: Connection<string>) => (line: string) => {
      if (line !== SRVQUIT) return conn.send(`Echo back: ${line}`);
      srvquit$.next();
      return EMPTY;
    };

    const served$ = accepted$.pipe(
      serve((conn, { stopping$ }) =>
        conn.messages$.pipe(
          takeUntil(stopping$),
          takeWhile((line) => line !== QUIT),
          consume(answer(conn)),
        ),
      ),
    );
    return merge(accepted$.pipe(mergeMap(comingAndGoing)), served$.pipe(ignoreElements()));
  };
}

function comingAndGoing({ remote, closed$ }: Connection<string>): Observable<string> {
  return closed$.pipe(
    map(() => `${formatAddress(remote)} has left`),
    startWith(`${formatAddress(remote)} is here`),
  );
}

/**
 * Says each line, and emits the answers. The next line is said when the last has its answer: lines that can be held (see `paced`) wait where they
 * come from. Completes after a farewell, after the last line, and when the server hangs up.
 */
export function echoClient(lines$: Observable<string>): OperatorFunction<Connection<string>, string> {
  return converse((conn) => {
    const answers$ = conn.messages$.pipe(share());

    const say = (line: string) => conn.send(line).pipe(ignoreElements());
    const ask = (line: string) => merge(answers$.pipe(take(1)), say(line));

    const conversation$ = lines$.pipe(
      takeWhile((line) => !isFarewell(line), true),
      consume((line) => (isFarewell(line) ? say(line) : ask(line))),
      map((answer) => `Response from server: ${answer}`),
    );
    const hangUp$ = answers$.pipe(ignoreElements(), endWith('The server has ended the conversation.'));

    return firstToEnd(hangUp$, conversation$);
  });
}

/** `merge` that completes with the first of them. */
function firstToEnd<T>(...sources: readonly Observable<T>[]): Observable<T> {
  const ended = Symbol();
  return merge(...sources.map(endWith<T | symbol, [symbol]>(ended))).pipe(
    takeWhile((value): value is T => value !== ended),
  );
}
