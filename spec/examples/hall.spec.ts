import type { Connection } from 'rx-tinyproto';
import { broadcast } from 'rx-tinyproto/nats';
import { type MarbleHelpers, marbles, type VirtualBusEnd, virtualBus } from 'rx-tinyproto/testing';
import { ignoreElements, merge, mergeMap, takeUntil, tap, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { hall, hallOptions } from '../../examples/nats-chat/flow.js';

const { codec } = hallOptions;

/** A server in a process of its own, until 90 ms. */
const server = ({ listen }: MarbleHelpers, address: string, bus: VirtualBusEnd) =>
  listen(address, hallOptions).pipe(
    takeUntil(timer(90)),
    hall(broadcast<string>({ bus, name: 'hall', codec, whileAway: 'local-only' })),
  );

/** Says each line at its time, until it leaves; notes what it hears. */
function visitor(
  { connect, run }: MarbleHelpers,
  address: string,
  lines: Readonly<Record<number, string>>,
  leavesMs = 80,
): string[] {
  const heard: string[] = [];
  const says$ = (conn: Connection<string>) =>
    merge(
      ...Object.entries(lines).map(([ms, line]) => timer(Number(ms)).pipe(mergeMap(() => conn.send(line)))),
    );
  run(
    connect(address, hallOptions).pipe(
      mergeMap((conn) => merge(conn.messages$.pipe(tap((line) => heard.push(line))), says$(conn))),
      takeUntil(timer(leavesMs)),
      ignoreElements(),
    ),
  );
  return heard;
}

describe('the hall of the examples nats-chat and cluster', () => {
  it(
    'is one, in however many processes',
    marbles((helpers) => {
      const bus = virtualBus();
      helpers.run(server(helpers, 'one:1', bus.end()));
      helpers.run(server(helpers, 'two:1', bus.end()));
      const anna = visitor(helpers, 'one:1', { 1: 'anna', 10: 'hello', 40: 'bye' });
      const ben = visitor(helpers, 'two:1', { 2: 'ben', 20: '/who' }, 70);
      helpers.flush();
      expect(anna).toEqual(['Your name?', 'ben has come', 'ben has left']);
      expect(ben).toEqual(['Your name?', 'anna: hello', 'anna, ben', 'anna: bye']);
    }),
  );

  it(
    'takes so much of a name that all can read it',
    marbles((helpers) => {
      helpers.run(server(helpers, 'one:1', virtualBus().end()));
      const anna = visitor(helpers, 'one:1', { 1: 'anna', 10: '/who' });
      visitor(helpers, 'one:1', { 2: 'ben'.repeat(1_000) });
      helpers.flush();
      const ben = 'ben'.repeat(14).slice(0, 40);
      expect(anna).toEqual(['Your name?', `${ben} has come`, `anna, ${ben}`]);
    }),
  );

  it(
    'goes on among those who are here when the way to the others is lost, and says so',
    marbles((helpers) => {
      const bus = virtualBus();
      const end = bus.end();
      const letters = {
        c: 'The way to the others: connecting',
        u: 'The way to the others: up',
        a: 'The way to the others: away',
      };
      timer(15).subscribe(() => end.cut());
      timer(30).subscribe(() => end.repair());
      helpers.expectObservable(server(helpers, 'one:1', end)).toBe('(cu) 11ms a 14ms u 59ms |', letters);
      helpers.run(server(helpers, 'two:1', bus.end()));
      const anna = visitor(helpers, 'one:1', { 1: 'anna', 20: 'here?', 40: 'and now?' });
      const ben = visitor(helpers, 'one:1', { 2: 'ben' }, 70);
      const carl = visitor(helpers, 'two:1', { 3: 'carl' }, 60);
      helpers.flush();
      expect(anna.slice(0, 3)).toEqual(['Your name?', 'ben has come', 'carl has come']);
      expect(anna.slice(3)).toEqual(['carl has left', 'ben has left']);
      expect(ben).toEqual(['Your name?', 'carl has come', 'anna: here?', 'anna: and now?', 'carl has left']);
      expect(carl).toEqual(['Your name?', 'anna: and now?']);
    }),
  );
});
