import {
  type Connection,
  type ConnectOptions,
  consume,
  converse,
  lengthPrefixed,
  relay,
  serve,
  text,
  tinyproto,
} from 'rx-tinyproto';
import { type MarbleHelpers, marbles } from 'rx-tinyproto/testing';
import {
  asyncScheduler,
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  from,
  ignoreElements,
  map,
  merge,
  mergeMap,
  NEVER,
  type Observable,
  takeUntil,
  tap,
  timer,
} from 'rxjs';
import { describe, expect, it } from 'vitest';

type Text = Connection<string>;
type Handler = (conn: Text) => Observable<unknown>;

const codec = text();
const now = () => asyncScheduler.now();

/** A server behind one relay or more; gives the address in front. Ends at 200 ms. */
function behind(
  { listen, connect }: MarbleHelpers,
  hops: number,
  handler: Handler,
  errors: unknown[] = [],
  options: ConnectOptions<string> = {},
) {
  const end$ = timer(200);
  const all = { codec, ...options };
  listen('hop0:1', all)
    .pipe(takeUntil(end$), serve(handler, { graceMs: 1 }))
    .subscribe();
  for (let hop = 1; hop <= hops; hop++) {
    const onwards = (inside: Text) =>
      connect(`hop${hop - 1}:1`, all).pipe(converse((outside) => relay(inside, outside)));
    listen(`hop${hop}:1`, all)
      .pipe(takeUntil(end$), serve(onwards, { graceMs: 1, onError: (error) => errors.push(error) }))
      .subscribe();
  }
  return connect(`hop${hops}:1`, all).pipe(takeUntil(end$));
}

const letters = [...'abcdefghij'];
const sendAll = (conn: Text, taken?: string[]) =>
  from(letters).pipe(
    concatMap((letter) => conn.send(letter).pipe(tap(() => taken?.push(`${now()} ${letter}`)))),
    ignoreElements(),
  );

const note = (noted: string[]) =>
  tap<string>({
    next: (message) => noted.push(`${now()} ${message}`),
    error: (error) => noted.push(`${now()} ${error.code ?? error}`),
    complete: () => noted.push(`${now()} |`),
  });

describe('relay', () => {
  it(
    'passes messages on, both ways',
    marbles((helpers) => {
      const upper: Handler = (conn) => conn.messages$.pipe(consume((each) => conn.send(each.toUpperCase())));
      const heard: string[] = [];
      const client$ = behind(helpers, 1, upper).pipe(
        converse((conn) => merge(conn.messages$.pipe(note(heard), takeUntil(timer(5))), sendAll(conn))),
      );
      client$.subscribe();
      helpers.flush();
      expect(heard).toEqual(letters.map((letter) => `0 ${letter.toUpperCase()}`));
    }),
  );

  it(
    'holds the sender at one end for a slow consumer at the other, over three hops',
    marbles((helpers) => {
      const [heard, taken]: [string[], string[]] = [[], []];
      const slow: Handler = (conn) =>
        conn.messages$.pipe(
          note(heard),
          consume(() => timer(10)),
        );
      behind(helpers, 3, slow)
        .pipe(converse((conn) => sendAll(conn, taken)))
        .subscribe();
      helpers.flush();
      expect(heard).toEqual([...letters.map((letter, index) => `${10 * index} ${letter}`), '90 |']);
      // One is at work at the far end, and each of the three hops has one.
      expect(taken).toEqual(letters.map((letter, index) => `${Math.max(0, 10 * (index - 3))} ${letter}`));
    }),
  );

  it(
    'passes the end of either side on, behind its last message',
    marbles((helpers) => {
      const heard: string[][] = [[], []];
      const client$ = behind(helpers, 2, (conn) =>
        merge(conn.messages$.pipe(note(heard[0] as string[])), conn.send('hello')),
      );
      client$
        .pipe(
          mergeMap((conn) =>
            merge(
              conn.messages$.pipe(note(heard[1] as string[])),
              concat(
                timer(3),
                conn.send('bye'),
                defer(() => conn.close()),
              ),
            ),
          ),
        )
        .subscribe();
      helpers.flush();
      expect(heard).toEqual([
        ['3 bye', '3 |'],
        ['0 hello', '3 |'],
      ]);
    }),
  );

  it(
    'passes the end of the server on',
    marbles((helpers) => {
      const heard: string[] = [];
      behind(helpers, 2, (conn) => concat(timer(3), conn.send('bye')))
        .pipe(mergeMap((conn) => conn.messages$.pipe(note(heard))))
        .subscribe();
      helpers.flush();
      expect(heard).toEqual(['3 bye', '3 |']);
    }),
  );

  it(
    'passes the end of one direction alone on, where the framing can half-close',
    marbles((helpers) => {
      const [heard, told]: [string[], string[]] = [[], []];
      const answersLate: Handler = (conn) =>
        concat(conn.messages$.pipe(note(told)), timer(5).pipe(mergeMap(() => conn.send('answer'))));
      behind(helpers, 2, answersLate, [], { framing: lengthPrefixed(), allowHalfOpen: true })
        .pipe(
          mergeMap((conn) => merge(conn.messages$.pipe(note(heard)), concat(conn.send('ask'), conn.end()))),
        )
        .subscribe();
      helpers.flush();
      expect(told).toEqual(['0 ask', '0 |']);
      expect(heard).toEqual(['5 answer', '5 |']);
    }),
  );

  it(
    'destroys both with the error of one, and errors with it',
    marbles((helpers) => {
      const errors: unknown[] = [];
      const [heard, told]: [string[], string[]] = [[], []];
      const errs: Handler = (conn) =>
        merge(
          conn.messages$.pipe(
            note(told),
            catchError(() => EMPTY),
          ),
          timer(3).pipe(tap(() => conn.destroy())),
        );
      const picky = {
        encode: codec.encode,
        decode: (bytes: Uint8Array) => (bytes[0] === 0x62 ? raise() : codec.decode(bytes)),
      };
      helpers
        .listen('far:1', { codec })
        .pipe(takeUntil(timer(200)), serve(errs))
        .subscribe();
      helpers
        .listen('near:1', { codec: picky })
        .pipe(
          takeUntil(timer(200)),
          serve(
            (inside) =>
              helpers.connect('far:1', { codec }).pipe(converse((outside) => relay(inside, outside))),
            { onError: (error) => errors.push(error) },
          ),
        )
        .subscribe();
      helpers
        .connect('near:1', { codec })
        .pipe(
          mergeMap((conn) =>
            merge(conn.messages$.pipe(note(heard)), sendAll(conn).pipe(catchError(() => EMPTY))),
          ),
          catchError(() => EMPTY),
        )
        .subscribe();
      helpers.flush();
      expect(errors).toMatchObject([{ code: 'not-decodable' }]);
      expect(told[0]).toBe('0 a');
      expect(heard).toEqual(['0 reset']);
      expect(told.at(-1)).toBe('0 reset');
    }),
  );

  it(
    'fails with a message that the other side does not take',
    marbles((helpers) => {
      const errors: unknown[] = [];
      const framing = tinyproto({ maxMessageBytes: 3 });
      helpers
        .listen('far:1', { codec, framing })
        .pipe(
          takeUntil(timer(50)),
          serve((conn) => conn.messages$),
        )
        .subscribe();
      helpers
        .listen('near:1', { codec })
        .pipe(
          takeUntil(timer(50)),
          serve(
            (inside) =>
              helpers
                .connect('far:1', { codec, framing })
                .pipe(converse((outside) => relay(inside, outside))),
            { onError: (error) => errors.push(error) },
          ),
        )
        .subscribe();
      helpers
        .connect('near:1', { codec })
        .pipe(
          mergeMap((conn) => merge(conn.messages$, conn.send('long'))),
          catchError(() => EMPTY),
          takeUntil(timer(50)),
        )
        .subscribe();
      helpers.flush();
      expect(errors).toMatchObject([{ code: 'message-too-large', fate: 'not-sent' }]);
    }),
  );

  it(
    'leaves both connections open when it is unsubscribed',
    marbles((helpers) => {
      const states: string[] = [];
      const client$ = behind(helpers, 0, (conn) => conn.messages$.pipe(consume((each) => conn.send(each))));
      client$
        .pipe(
          mergeMap((a) =>
            helpers.connect('hop0:1', { codec }).pipe(
              takeUntil(timer(20)),
              map((b) => [a, b] as const),
            ),
          ),
          mergeMap(([a, b]) =>
            concat(relay(a, b).pipe(takeUntil(timer(3))), a.send('x'), b.send('y')).pipe(
              tap({ next: () => states.push('taken'), complete: () => states.push('complete') }),
            ),
          ),
        )
        .subscribe();
      helpers.flush();
      expect(states).toEqual(['taken', 'taken', 'complete']);
    }),
  );

  it.each([1, 2, 3])(
    'is over, at both ends of %i relays, when the far side is killed in the midst of a message',
    (hops) =>
      marbles((helpers) => {
        const errors: unknown[] = [];
        const heard: string[] = [];
        const dies: Handler = (conn) =>
          merge(conn.messages$.pipe(consume(() => NEVER)), timer(3).pipe(tap(() => conn.destroy())));
        behind(helpers, hops, dies, errors)
          .pipe(
            mergeMap((conn) =>
              merge(conn.messages$.pipe(note(heard)), sendAll(conn).pipe(catchError(() => EMPTY))),
            ),
          )
          .subscribe();
        helpers.flush();
        expect(heard).toEqual(['3 |']);
        expect(errors).toEqual([]);
      })(),
  );

  it.each([1, 2, 3])('passes an error on as a reset, over %i relays, and never as an orderly end', (hops) =>
    marbles((helpers) => {
      const errors: unknown[] = [];
      const heard: string[] = [];
      const fails: Handler = (conn) =>
        merge(conn.messages$, timer(3).pipe(tap(() => conn.destroy(new Error('oops'))))).pipe(
          catchError(() => EMPTY),
        );
      behind(helpers, hops, fails, errors)
        .pipe(
          mergeMap((conn) => conn.messages$.pipe(note(heard))),
          catchError(() => EMPTY),
        )
        .subscribe();
      helpers.flush();
      expect(heard).toEqual(['3 reset']);
      expect(errors).toMatchObject(Array.from({ length: hops }, () => ({ code: 'reset' })));
    })(),
  );

  it(
    'passes the reset of a side that is killed in the midst of a message on',
    marbles((helpers) => {
      const heard: string[] = [];
      const slow: Handler = (conn) =>
        conn.messages$.pipe(
          note(heard),
          consume(() => timer(10)),
        );
      behind(helpers, 2, slow)
        .pipe(
          mergeMap((conn) => merge(sendAll(conn), timer(3).pipe(tap(() => conn.destroy())))),
          catchError(() => EMPTY),
        )
        .subscribe();
      helpers.flush();
      expect(heard).toEqual(['0 a', '3 reset']);
    }),
  );

  it('refuses a concurrency that cannot be meant', () => {
    const never = { messages$: NEVER } as unknown as Text;
    for (const concurrency of [0, 0.5, Number.NaN])
      expect(() => relay(never, never, { concurrency })).toThrow(RangeError);
  });
});

function raise(): never {
  throw new Error('oops');
}
