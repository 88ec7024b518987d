import {
  broadcast,
  type Connection,
  converse,
  heartbeat,
  type ReconnectOptions,
  reconnect,
  relay,
  SendError,
  serve,
  text,
} from 'rx-tinyproto';
import { type MarbleHelpers, marbles, record } from 'rx-tinyproto/testing';
import { catchError, EMPTY, merge, mergeMap, NEVER, type Observable, takeUntil, tap, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';

type Text = Connection<string>;
type WhileAway = ReconnectOptions['whileAway'];

const codec = text();
const until = 60;

/** A server that resets its first connection at 12 ms; gives what all of them have said. */
function flaky({ listen, run }: MarbleHelpers): string[] {
  const heard: string[] = [];
  let reset$: Observable<unknown> = timer(12);
  const handler = (conn: Text) => {
    const mine$ = reset$;
    reset$ = NEVER;
    return merge(
      conn.messages$.pipe(tap((line) => heard.push(line))),
      mine$.pipe(tap(() => conn.destroy(new Error('reset')))),
    );
  };
  run(
    listen('flaky:1', { codec }).pipe(
      takeUntil(timer(until)),
      serve(handler, { graceMs: 5, onError: () => {} }),
    ),
  );
  return heard;
}

/** A client of it that is away from 12 to 22 ms. */
const client = ({ connect }: MarbleHelpers, whileAway: WhileAway = 'fail') =>
  connect('flaky:1', { codec }).pipe(
    reconnect<string, string>({ minDelayMs: 10, maxDelayMs: 10, random: () => 1, whileAway }),
  );

describe('over `reconnect`', () => {
  it(
    'a beat that finds no wire, or is lost with one, ends nothing',
    marbles((helpers) => {
      const heard = flaky(helpers);
      const beating$ = client(helpers).pipe(
        converse((conn) => merge(conn.messages$, heartbeat(conn, '♥', 4))),
        takeUntil(timer(until - 15)),
      );
      helpers.run(beating$);
      let before = 0;
      timer(20).subscribe(() => {
        before = heard.length;
      });
      helpers.flush();
      expect(before).toBeGreaterThan(0);
      expect(heard.length).toBeGreaterThan(before);
    }),
  );

  it.each([
    ['', (conn: Text) => conn],
    [', recorded, too', (conn: Text) => record().connection(conn)],
  ])('a member of a room stays one, and the room counts what it was not sent%s', (_, member) =>
    marbles((helpers) => {
      const heard = flaky(helpers);
      const room = broadcast<string>();
      const dropped: string[] = [];
      room.dropped$.subscribe(({ message, why }) => dropped.push(`${message} ${why}`));
      helpers.run(
        client(helpers).pipe(
          converse((conn) => merge(room.join(member(conn)), conn.messages$)),
          takeUntil(timer(until - 15)),
        ),
      );
      for (const ms of [5, 15, 16, 30])
        timer(ms)
          .pipe(mergeMap(() => room.send(`${ms}`)))
          .subscribe();
      helpers.flush();
      expect([heard, dropped, room.droppedCount]).toEqual([['5', '30'], ['15 away', '16 away'], 2]);
    })(),
  );

  it.each([
    { whileAway: 'fail', carried: ['5'], end: 'connection-closed' },
    { whileAway: 'queue', carried: ['5', '15', '30'], end: 'none' },
  ] as const)('a relay loses no message in silence: $whileAway', ({ whileAway, carried, end }) =>
    marbles((helpers) => {
      const heard = flaky(helpers);
      const { listen, connect, run } = helpers;
      let failed = 'none';
      const passOn = (inside: Text) =>
        client(helpers, whileAway).pipe(converse((outside) => relay(inside, outside)));
      const onError = (error: unknown) => {
        failed = error instanceof SendError ? error.code : String(error);
      };
      run(
        listen('relay:1', { codec }).pipe(
          takeUntil(timer(until - 15)),
          serve(passOn, { onError, graceMs: 5 }),
        ),
      );
      const lines$ = (conn: Text) =>
        merge(...[5, 15, 30].map((ms) => timer(ms).pipe(mergeMap(() => conn.send(`${ms}`)))));
      run(
        connect('relay:1', { codec }).pipe(
          mergeMap(lines$),
          takeUntil(timer(until - 20)),
          catchError(() => EMPTY),
        ),
      );
      helpers.flush();
      expect([heard, failed]).toEqual([carried, end]);
    })(),
  );
});
