import { connect, converse, type ReconnectOptions, type ReconnectState, reconnect } from 'rx-tinyproto';
import { partition, type VirtualNetwork } from 'rx-tinyproto/testing';
import { defer, NEVER, take, takeUntil, timer } from 'rxjs';
import { reads, sends } from '../apps.js';
import { again, calls, check, endsWith, expect, inTurn, withPeers, withServer } from '../plays.js';
import { chapter, fact, type Stage } from '../suite.js';
import { body, fin, header, hears, hex, message, ok, opening, rst, says, waits } from '../words.js';

const opens = [says(opening), hears(opening)];

/** Calls, and is called back again and again, until it gives up. */
const returning = (
  { road, book }: Stage,
  at: Parameters<typeof connect>[0],
  states: ReconnectState[],
  options: ReconnectOptions = {},
) =>
  connect(at, { transport: book.wires(road.transport), connectTimeoutMs: 500 }).pipe(
    reconnect({
      minDelayMs: 1,
      maxDelayMs: 4,
      stateObserver: { next: (state) => states.push(state) },
      ...options,
    }),
  );

export const clientChapter = chapter(9, 'Client', [
  fact('Nobody there is refused', {
    plays: (stage) =>
      endsWith(calls(stage, stage.road.name === 'virtual' ? 'nobody:1' : 1), 'connection-refused'),
  }),
  fact('A server that accepts and says nothing is given up', {
    plays: (stage) =>
      withPeers(stage, [[waits(200)]], (at) =>
        endsWith(calls(stage, at, reads, { connectTimeoutMs: 40 }), 'connect-timeout'),
      ),
  }),
  fact('A road on which nothing comes back is given up', {
    roads: ['virtual'],
    plays: (stage) =>
      withServer(stage, {}, ({ at }) =>
        defer(() => {
          const net = stage.road.transport as VirtualNetwork;
          const end = partition()(net);
          return inTurn(
            endsWith(calls(stage, at as never, reads, { connectTimeoutMs: 40 }), 'connect-timeout'),
            check(end),
          );
        }),
      ),
  }),
  fact('A name that is none is not found', {
    roads: ['TCP'],
    plays: (stage) => endsWith(calls(stage, 'nobody.invalid:1'), 'name-not-found', 'connect-timeout'),
  }),
  fact('Of the addresses of a name, one that is dead does not matter', {
    roads: ['TCP'],
    plays: (stage) =>
      withServer(stage, {}, ({ at }) =>
        calls(stage, `localhost:${(at as { port: number }).port}`, sends('a')),
      ),
  }),
  fact('Unsubscribing in each phase leaves nothing behind', {
    plays: (stage) =>
      withPeers(stage, [[waits(30)], [...opens, waits(30)]], (at) =>
        again(8, (index) => calls(stage, at, () => NEVER).pipe(takeUntil(timer(index * 2)))),
      ),
  }),
  fact('Unsubscribing while a message goes out lets it go out whole', {
    peer: [...opens, hears(header('a')), waits(20), says(ok), hears(body('a')), fin],
    ours: (connection, book) => sends('a')(connection, book).pipe(takeUntil(timer(5))),
    sends: ['left'],
    ends: 'us',
    sides: ['client'],
  }),
  fact('Attempts are as far apart as they should be: growing, and with a cap', {
    roads: ['virtual'],
    plays: (stage) =>
      defer(() => {
        const states: ReconnectState[] = [];
        const options = { minDelayMs: 10, maxDelayMs: 80, random: () => 0.999_999 };
        return inTurn(
          returning(stage, 'nobody:1', states, options).pipe(takeUntil(timer(1_000))),
          check(() => {
            const attempts = states.filter(({ state }) => state === 'connecting').length;
            // 0, 10, 30, 70, then every 80: some 16 in a second.
            expect(`${attempts} attempts`, attempts >= 12 && attempts <= 17);
          }),
        );
      }),
  }),
  fact('A server that flaps is found again each time, and the last message arrives', {
    plays: (stage) =>
      defer(() => {
        const flaps = stage.road.name === 'virtual' ? 1_000 : 100;
        const states: ReconnectState[] = [];
        const flap = Array.from({ length: flaps }, (_, at) =>
          at % 2 === 0 ? [...opens, rst] : [says(hex('00')), fin],
        );
        const last = [...opens, says(message('at last')), hears(ok), waits(5), fin];
        return withPeers(stage, [...flap, last], (at) =>
          inTurn(
            returning(stage, at, states).pipe(converse((connection) => connection.messages$.pipe(take(1)))),
            check(() => {
              const attempts = states.filter(({ state }) => state === 'connecting').length;
              expect(`${attempts} attempts`, attempts === flaps + 1);
            }),
          ),
        );
      }),
    heavy: true,
  }),
  fact('What another attempt cannot cure is not tried again', {
    plays: (stage) =>
      withPeers(stage, [[says(hex('47 45 54 20'))]], (at) =>
        defer(() => {
          const states: ReconnectState[] = [];
          return inTurn(
            endsWith(returning(stage, at, states), 'bad-opening'),
            check(() =>
              expect('one attempt', states.filter(({ state }) => state === 'connecting').length === 1),
            ),
          );
        }),
      ),
  }),
]);
