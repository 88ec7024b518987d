import {
  broadcast,
  type Connection,
  consume,
  converse,
  lines,
  reconnect,
  relay,
  serve,
  text,
  tinyproto,
} from 'rx-tinyproto';
import type { MarbleHelpers } from 'rx-tinyproto/testing';
import {
  catchError,
  concatMap,
  delay,
  EMPTY,
  first,
  forkJoin,
  from,
  ignoreElements,
  type MonoTypeOperatorFunction,
  map,
  merge,
  type Observable,
  ReplaySubject,
  retry,
  take,
  tap,
  throwError,
  timeout,
  timer,
  toArray,
} from 'rxjs';

const words = Array.from({ length: 12 }, (_, index) => `${index} ${'x'.repeat(index * 7)}`);

/** Patient enough for any road that gets better within two seconds. */
const patient = { connectTimeoutMs: 60_000, writeTimeoutMs: 60_000, closeTimeoutMs: 60_000 };
const waits = {
  openingTimeoutMs: 60_000,
  okTimeoutMs: 60_000,
  headerTimeoutMs: 60_000,
  payloadTimeoutMs: 60_000,
};
const framings = {
  lines: lines(),
  tinyproto: tinyproto(waits),
  /** With several frames on their way. */
  tinyprotoWide: tinyproto({ ...waits, window: 4 }),
};

/** The words, a while apart, so that what goes wrong falls among them. */
const slowly = (say: (word: string) => Observable<unknown>) =>
  from(words).pipe(concatMap((word) => timer(60).pipe(concatMap(() => say(word)))));

type Scenario = (helpers: MarbleHelpers) => Observable<unknown>;

const echo = serve((conn: Connection<string>) => conn.messages$.pipe(consume((word) => conn.send(word))));

/** Says the words, one after the other, and emits all that is heard. */
const talk = (conn: Connection<string>): Observable<string> =>
  merge(conn.messages$.pipe(take(words.length)), slowly((word) => conn.send(word)).pipe(ignoreElements()));

const hearsAll: MonoTypeOperatorFunction<string> = (heard$) =>
  heard$.pipe(
    toArray(),
    tap((heard) => {
      if (heard.join() !== words.join()) throw new Error(`heard ${heard.join()}`);
    }),
    concatMap(from),
  );

const optionsOf = (name: keyof typeof framings) => ({ ...patient, framing: framings[name], codec: text() });

/** A client says some words to an echo server and hears them, all and in order. */
export function echoScenario(name: keyof typeof framings): Scenario {
  const options = optionsOf(name);
  return ({ listen, connect, run }) => {
    run(listen('server:1', options).pipe(echo));
    return connect('server:1', options).pipe(converse(talk), hearsAll);
  };
}

/**
 * A client says all words at once and leaves; the server is slow, and hears them to the last, behind the FIN. Windows are small, and with `tinyproto` several
 * frames wait for their answers: so the queues fill, and what is answered is not always the latest.
 */
export function farewellScenario(name: keyof typeof framings): Scenario {
  const options = optionsOf(name);
  return ({ listen, connect, run }) => {
    const over$ = new ReplaySubject<string[]>(1);
    let inHand = 0;
    const oneMore = () => {
      if (++inHand > 1) throw new Error('a message came while the one before was held');
    };
    const slow = serve(
      ({ messages$ }: Connection<string>) =>
        messages$.pipe(
          tap(oneMore),
          consume((word) => timer(25).pipe(map(() => word))),
          tap(() => inHand--),
          hearsAll,
          toArray(),
          tap(over$),
        ),
      { onError: (error) => over$.error(error) },
    );
    run(listen('server:1', options).pipe(slow));
    return merge(connect('server:1', options).pipe(converse((conn) => conn.sendAll(words))), over$);
  };
}

/** The same, with a relay between the two. */
export function relayScenario(name: keyof typeof framings): Scenario {
  const options = optionsOf(name);
  return ({ listen, connect, run }) => {
    run(listen('back:1', options).pipe(echo));
    const passOn = (inside: Connection<string>) =>
      connect('back:1', options).pipe(converse((outside) => relay(inside, outside)));
    run(listen('server:1', options).pipe(serve(passOn)));
    return connect('server:1', options).pipe(converse(talk), hearsAll);
  };
}

/** Three members of a room say a word each when all have come, and hear all three, in the same order. */
export function broadcastScenario(name: keyof typeof framings): Scenario {
  const options = optionsOf(name);
  return ({ listen, connect, run }) => {
    const room = broadcast<string>();
    run(
      listen('server:1', options).pipe(
        serve((conn) => merge(room.join(conn), conn.messages$.pipe(consume((word) => room.send(word))))),
      ),
    );
    const member = (word: string) =>
      connect('server:1', options).pipe(
        converse((conn) =>
          merge(
            conn.messages$.pipe(take(3)),
            room.size$.pipe(
              first((size) => size === 3),
              delay(word.length * 60),
              concatMap(() => conn.send(word)),
              ignoreElements(),
            ),
          ),
        ),
        toArray(),
      );
    return forkJoin(['one', 'two', 'three'].map(member)).pipe(
      tap((heard) => {
        if (new Set(heard.map((each) => each.join())).size !== 1 || heard[0]?.length !== 3)
          throw new Error(`heard ${heard.join(' and ')}`);
      }),
    );
  };
}

/**
 * A client that reconnects says some words to an echo server, each until it has heard it back: that a message was taken does not mean that it arrived, if the road is
 * lost just then. The server has heard all of them in the end, in order.
 */
export function reconnectScenario(name: keyof typeof framings): Scenario {
  const limits = { connectTimeoutMs: 1_000, writeTimeoutMs: 1_000, closeTimeoutMs: 1_000 };
  const options = { framing: framings[name], codec: text(), ...limits };
  return ({ listen, connect, run }) => {
    const heard = new Set<string>();
    let answered = 0;
    const answer = serve((conn: Connection<string>) =>
      conn.messages$.pipe(
        tap((word) => heard.add(word)),
        consume((word) => conn.send(word)),
      ),
    );
    run(listen('server:1', options).pipe(answer));
    return connect('server:1', options).pipe(
      reconnect({ minDelayMs: 10, maxDelayMs: 500, whileAway: 'queue', onEnd: 'reconnect' }),
      converse((conn) => slowly((word) => ask(conn, word).pipe(tap(() => answered++)))),
      catchError((error) => (answered === words.length ? EMPTY : throwError(() => error))),
      tap({
        complete() {
          if ([...heard].join() !== words.join()) throw new Error(`heard ${[...heard].join()}`);
        },
      }),
    );
  };
}

/** Says a word until it comes back. */
const ask = (conn: Connection<string>, word: string): Observable<string> =>
  merge(
    conn.messages$.pipe(
      first((heard) => heard === word),
      timeout(1_500),
    ),
    conn.send(word).pipe(ignoreElements()),
  ).pipe(take(1), retry({ delay: 5 }));
