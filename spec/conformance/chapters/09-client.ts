import { connect, converse, type ReconnectOptions, type ReconnectState, reconnect } from 'rx-tinyproto';
import { partition, type VirtualNetwork } from 'rx-tinyproto/testing';
import { catchError, defer, EMPTY, ignoreElements, merge, NEVER, take, takeUntil, timer } from 'rxjs';
import { Dice } from '../../helpers/dice.js';
import { reads, sends } from '../apps.js';
import { again, calls, check, endsWith, expect, inTurn, withPeers, withServer } from '../plays.js';
import { chapter, fact, type Stage } from '../suite.js';
import {
  body,
  deafens,
  fin,
  header,
  hears,
  hex,
  message,
  messageBytes,
  ok,
  opening,
  rst,
  says,
  waits,
} from '../words.js';

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
  fact('An address that no road leads to is unreachable', {
    roads: ['TCP'],
    // Broadcast, which the kernel refuses to TCP before anything leaves the machine.
    plays: (stage) =>
      endsWith(calls(stage, '255.255.255.255:1'), 'host-unreachable', 'network-unreachable', 'access-denied'),
  }),
  fact('Waits between attempts are random below their bound, and not two clients wait alike', {
    roads: ['virtual'],
    plays: (stage) =>
      defer(() => {
        const clients = [1, 2].map((seed) => ({ states: [] as ReconnectState[], dice: new Dice(seed) }));
        const delaysOf = (states: readonly ReconnectState[]) =>
          states.flatMap((state) => (state.state === 'waiting' ? [state.delayMs] : []));
        return inTurn(
          merge(
            ...clients.map(({ states, dice }) =>
              returning(stage, 'nobody:1', states, {
                minDelayMs: 100,
                maxDelayMs: 1_600,
                random: () => dice.below(1 << 20) / (1 << 20),
              }).pipe(takeUntil(timer(60_000))),
            ),
          ),
          check(() => {
            const [one = [], other = []] = clients.map(({ states }) => delaysOf(states));
            expect(`${one.length} attempts`, one.length > 40);
            expect(
              'below the bound',
              one.every((delay, at) => delay >= 0 && delay < Math.min(1_600, 100 * 2 ** at)),
            );
            const late = one.slice(4);
            expect('spread over all of it', Math.min(...late) < 400 && Math.max(...late) > 1_200);
            expect('not alike', one.slice(0, 9).join() !== other.slice(0, 9).join());
          }),
        );
      }),
  }),
  fact(
    'Of what a lost wire leaves, what was not sent goes out on the next, and what may have arrived never does',
    {
      plays: (stage) =>
        defer(() => {
          const large = new Uint8Array(8 << 20).fill(0x61);
          const lost = [
            ...opens,
            hears(header('a')),
            says(ok),
            hears(body('a'), header(large)),
            deafens,
            says(ok),
            waits(50),
            rst,
          ];
          const second = [...opens, hears(header('c')), rst];
          const third = [...opens, hears(header('c')), says(ok), hears(body('c')), fin];
          return withPeers(stage, [lost, second, third], (at) =>
            inTurn(
              returning(stage, at, [], { whileAway: 'queue' }).pipe(
                converse((connection) =>
                  merge(
                    connection.messages$,
                    ...['a', large, 'c'].map((each) =>
                      stage.book.send(connection, messageBytes(each)).pipe(
                        ignoreElements(),
                        catchError(() => EMPTY),
                      ),
                    ),
                  ),
                ),
              ),
              check(() =>
                expect(
                  `${stage.book.fates} are as they should be`,
                  stage.book.fates.join() === 'taken,unknown connection-closed,taken',
                ),
              ),
            ),
          );
        }),
    },
  ),
]);
