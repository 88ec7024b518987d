import { type Connection, consume, converse, lines, serve, text, tinyproto } from 'rx-tinyproto';
import type { MarbleHelpers } from 'rx-tinyproto/testing';
import { concatMap, from, ignoreElements, merge, type Observable, take, tap, toArray } from 'rxjs';

const words = Array.from({ length: 12 }, (_, index) => `${index} ${'x'.repeat(index * 7)}`);

/** Patient enough for any road that gets better within two seconds. */
const patient = { connectTimeoutMs: 60_000, writeTimeoutMs: 60_000, closeTimeoutMs: 60_000 };
const framings = {
  lines: lines(),
  tinyproto: tinyproto({
    openingTimeoutMs: 60_000,
    okTimeoutMs: 60_000,
    headerTimeoutMs: 60_000,
    payloadTimeoutMs: 60_000,
  }),
};

/** A client says some words to an echo server and hears them, all and in order. */
export function echoScenario(name: keyof typeof framings): (helpers: MarbleHelpers) => Observable<unknown> {
  const options = { ...patient, framing: framings[name], codec: text() };
  return ({ listen, connect, run }) => {
    run(
      listen('server:1', options).pipe(
        serve((conn) => conn.messages$.pipe(consume((word) => conn.send(word)))),
      ),
    );
    return connect('server:1', options).pipe(
      converse((conn: Connection<string>) => {
        const said = from(words).pipe(
          concatMap((word) => conn.send(word)),
          ignoreElements(),
        );
        return merge(conn.messages$.pipe(take(words.length)), said);
      }),
      toArray(),
      tap((heard) => {
        if (heard.join() !== words.join()) throw new Error(`heard ${heard.join()}`);
      }),
    );
  };
}
