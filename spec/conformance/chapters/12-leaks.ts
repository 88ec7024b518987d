import { type Connection, connect, converse } from 'rx-tinyproto';
import { defer, from, ignoreElements, merge, type Observable, of, scan, take, tap, timer } from 'rxjs';
import { heapBytes } from '../../helpers/memory.js';
import { echoes, reads } from '../apps.js';
import { openBook } from '../book.js';
import { again, check, expect, inTurn, withServer } from '../plays.js';
import { chapter, fact, type Play, type Stage } from '../suite.js';
import { messageBytes } from '../words.js';

/** A book would grow by what is written into it. */
const unwritten = ({ road }: Stage): Stage => ({
  road,
  book: {
    ...openBook(),
    wires: (transport) => transport,
    watch: (_, source) => source,
    read: (connection) => connection.messages$,
    send: (connection, message) => connection.send(message),
    opened() {},
    allClosed$: of('unknown'),
  },
});

function* letters(count: number) {
  for (let index = 0; index < count; index++) yield messageBytes('a');
}

const askOnce = ({ road }: Stage, at: Parameters<typeof connect>[0]) =>
  connect(at, { transport: road.transport }).pipe(
    converse((connection) =>
      merge(connection.send(messageBytes('a')).pipe(ignoreElements()), connection.messages$.pipe(take(1))),
    ),
    tap((message) => expect('it comes back', message.length === 1)),
  );

const heap = (note: (bytes: number) => void): Observable<never> =>
  defer(() => from(heapBytes())).pipe(tap(note), ignoreElements());

/** Connects, asks, and closes, so often; behind a first part, which fills what is filled once, the heap is what it was. */
const comeAndGo = (count: number, heavy: true | 'very'): Play => ({
  name: `${count} times`,
  roads: ['TCP'],
  heavy,
  plays: (stage) => {
    const plain = unwritten(stage);
    const heaps: number[] = [];
    const part = (at: Parameters<typeof connect>[0]) => again(count / 4, () => askOnce(plain, at));
    return withServer(plain, { app: (connection) => echoes(connection, plain.book) }, ({ at }) =>
      inTurn(
        part(at),
        heap((bytes) => heaps.push(bytes)),
        ...[1, 2, 3].flatMap(() => [part(at), heap((bytes) => heaps.push(bytes))]),
        check(() => {
          const [first = 0, ...others] = heaps;
          // The least of three: whatever else has grown meanwhile has not grown each time.
          const grown = Math.min(...others) - first;
          expect(`the heap has grown by ${grown} bytes`, grown < 512 * 1_024);
        }),
      ),
    );
  },
});

export const leakChapter = chapter(12, 'Leaks', [
  fact('Connections that come and go leave nothing', comeAndGo(1_000, true), comeAndGo(10_000, 'very')),
  fact('A hundred thousand messages leave nothing', {
    roads: ['TCP'],
    heavy: true,
    plays: (stage) => {
      const heaps: number[] = [];
      const count = 100_000;
      const counts = (connection: Connection) =>
        connection.messages$.pipe(
          scan((sum) => sum + 1, 0),
          tap((sum) => sum === count && stage.book.messages.push(messageBytes('all of them'))),
        );
      return withServer(stage, { app: counts }, ({ at }) =>
        inTurn(
          heap((bytes) => heaps.push(bytes)),
          connect(at, { transport: stage.road.transport }).pipe(
            converse((connection) => connection.sendAll(letters(count))),
          ),
          stage.book.over(1),
          heap((bytes) => heaps.push(bytes)),
          check(() => {
            expect('all have come', stage.book.messages.length === 1);
            const [before = 0, after = 0] = heaps;
            expect(`the heap has grown by ${after - before} bytes`, after - before < 4 << 20);
          }),
        ),
      );
    },
  }),
  fact('A connection that is over can be collected', {
    roads: ['TCP'],
    heavy: true,
    plays: (stage) => {
      const plain = unwritten(stage);
      const refs: WeakRef<Connection>[] = [];
      const count = 200;
      const kept = () => refs.filter((ref) => ref.deref() !== undefined).length;
      return withServer(
        plain,
        {
          app: (connection) => {
            refs.push(new WeakRef(connection));
            return reads(connection, plain.book);
          },
        },
        ({ at }) =>
          inTurn(
            again(count, () =>
              connect(at, { transport: plain.road.transport }).pipe(
                tap((connection) => refs.push(new WeakRef(connection))),
                converse((connection) => connection.send(messageBytes('a'))),
              ),
            ),
            timer(300),
            again(5, () => heap(() => {})),
            check(() => {
              expect(`${refs.length} of both sides`, refs.length === 2 * count);
              // Some may be kept by what holds the last of everything: a socket, a timer, a frame on the stack.
              expect(`${kept()} are kept`, kept() <= refs.length / 10);
            }),
          ),
      );
    },
  }),
]);
