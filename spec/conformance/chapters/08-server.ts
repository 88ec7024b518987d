import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect, listen, tinyproto } from 'rx-tinyproto';
import {
  concat,
  defer,
  ignoreElements,
  merge,
  NEVER,
  of,
  ReplaySubject,
  Subject,
  switchMap,
  take,
  takeUntil,
  takeWhile,
  tap,
  throwError,
  timer,
} from 'rxjs';
import { serverOfFewFiles } from '../../helpers/few-files.js';
import { echoes, reads, sends } from '../apps.js';
import {
  type At,
  again,
  asks,
  atOnce,
  calls,
  check,
  endsWith,
  expect,
  inTurn,
  peerDoes,
  withServer,
} from '../plays.js';
import { chapter, fact } from '../suite.js';
import {
  deafens,
  fin,
  header,
  hears,
  hearsWhatever,
  hex,
  listens,
  message,
  ok,
  opening,
  rst,
  says,
  waits,
} from '../words.js';

/** Called at once, it throws. */
const throws = (what: string, call: () => unknown, kind: typeof RangeError | typeof TypeError) =>
  check(() => {
    try {
      call();
    } catch (error) {
      return expect(`${what} throws ${error}`, error instanceof kind);
    }
    return expect(`${what} throws`, false);
  });

export const serverChapter = chapter(8, 'Server', [
  fact('A port in use is an error, once, and leaves no other address bound', {
    plays: (stage) =>
      withServer(stage, {}, ({ at }) => {
        const other =
          stage.road.name === 'virtual' ? 'server:2' : { path: `/tmp/rx-conformance-${process.pid}.sock` };
        const { transport } = stage.road;
        return inTurn(
          endsWith(listen([other, at], { transport }), 'address-in-use'),
          withServer(stage, { address: other, app: echoes }, () =>
            peerDoes(stage, at, [says(opening, message('a')), hears(opening, ok), fin]),
          ),
        );
      }),
  }),
  fact('All addresses are told at once, in the order asked', {
    roads: ['TCP'],
    plays: (stage) =>
      withServer(stage, { address: [0, '[::1]:0', 'localhost:0', '*:0'], app: echoes }, ({ all }) =>
        inTurn(
          check(() =>
            expect(
              'four are bound',
              all.length === 4 && all.every((each) => 'port' in each && each.port > 0),
            ),
          ),
          ...[0, 1, 2].map((index) => calls(stage, all[index] as never, sends('a'))),
          // Through every interface, an IPv4 caller keeps its own address.
          defer(() => {
            const { port } = all[3] as { port: number };
            return calls(stage, { host: '127.0.0.1', port }, (connection, book) => {
              expect(
                `${JSON.stringify(connection.remote)} is plain`,
                JSON.stringify(connection.remote).includes('"127.0.0.1"'),
              );
              return sends('a')(connection, book);
            });
          }),
        ),
      ),
  }),
  fact('One too many is told so, and the place that becomes free is taken', {
    plays: (stage) =>
      withServer(stage, { app: echoes, maxConnections: 1 }, ({ at }) =>
        inTurn(
          merge(
            peerDoes(stage, at, [says(opening), hears(opening), waits(200), fin]),
            inTurn(
              timer(50),
              again(5, () => peerDoes(stage, at, [says(opening, message('a')), hears(hex('fe')), fin])),
            ),
          ),
          timer(50),
          peerDoes(stage, at, asks),
        ),
      ),
  }),
  fact('A flood of peers that connect and reset harms nobody', {
    roads: ['virtual', 'TCP'],
    plays: (stage) =>
      withServer(stage, { app: echoes }, ({ at }) =>
        inTurn(
          atOnce(200, (index) =>
            peerDoes(
              stage,
              at,
              index % 3 === 0
                ? [rst]
                : index % 3 === 1
                  ? [says(opening), rst]
                  : [says(opening, header('abc')), rst],
            ),
          ),
          peerDoes(stage, at, asks),
        ),
      ),
  }),
  fact('Stopping ends those who open, are idle, are at work or do not read, in time', {
    plays: (stage) =>
      withServer(stage, { app: () => NEVER, graceMs: 60, closeTimeoutMs: 60 }, ({ at, stop, ended$ }) =>
        defer(() => {
          const states = [
            [],
            [says(opening)],
            [says(opening, header('abc'))],
            [says(opening, message('abc')), deafens, waits(150), listens],
          ];
          const peers = atOnce(states.length, (index) =>
            peerDoes(stage, at, [...(states[index] ?? []), waits(20)]),
          );
          const stopping = timer(30).pipe(
            tap(() => {
              stop();
              stop();
            }),
          );
          return inTurn(
            defer(() => {
              stopping.subscribe();
              return peers;
            }),
            ended$.pipe(tap((end) => expect(`${end} is complete`, end === 'complete'))),
          );
        }),
      ),
  }),
  fact('Unsubscribing ends everything at once', {
    plays: (stage) =>
      withServer(stage, { app: () => NEVER }, ({ at, abort }) =>
        defer(() => {
          timer(30).subscribe(() => {
            abort();
            abort();
          });
          return atOnce(4, (index) =>
            peerDoes(stage, at, index === 0 ? [waits(20)] : [says(opening, header('abc')), waits(20)]),
          );
        }),
      ),
  }),
  fact('A handler that throws, or errors, harms its own connection alone', {
    plays: (stage) => {
      let count = 0;
      const failing = [
        () => {
          throw new Error('at once');
        },
        () => throwError(() => new Error('later')),
        () =>
          timer(5).pipe(
            tap(() => {
              throw new Error('much later');
            }),
          ),
      ];
      return withServer(
        stage,
        { app: (connection, book) => failing[count++]?.() ?? echoes(connection, book) },
        ({ at }) =>
          inTurn(
            again(3, () => peerDoes(stage, at, [says(opening), hearsWhatever])),
            peerDoes(stage, at, asks),
          ),
      );
    },
  }),
  fact('A connection that nobody claims is destroyed', {
    plays: ({ road, book }) =>
      defer(() => {
        const bound: never[] = [];
        const came = listen(road.address(), {
          transport: book.wires(road.transport),
          claimTimeoutMs: 30,
          openObserver: { next: (all) => bound.push(...(all as never[])) },
        }).subscribe((connection) => book.opened(connection));
        return inTurn(
          timer(30),
          defer(() => peerDoes({ road }, bound[0] as never, [says(opening)])),
          book.over(1),
          check(() => expect(`${book.endings} is unclaimed`, book.endings[0] === 'error unclaimed')),
          check(() => came.unsubscribe()),
          book.allClosed$,
        );
      }),
  }),
  fact('What cannot be meant throws at once', {
    roads: ['TCP'],
    plays: () =>
      inTurn(
        throws('a port above', () => listen(65_536), RangeError),
        throws('a port below', () => listen(-1), RangeError),
        throws('no address', () => listen([]), RangeError),
        throws('no words', () => listen('not an address'), TypeError),
        throws('a path that is too long', () => listen({ path: `/tmp/${'x'.repeat(200)}` }), RangeError),
        throws('no limit', () => listen(0, { maxConnections: 0 }), RangeError),
        throws('no number', () => listen(0, { writeTimeoutMs: '1' as never }), TypeError),
        throws('every interface, to call', () => connect('*:1'), TypeError),
        throws('a window of none', () => tinyproto({ window: 0 }), RangeError),
        of(reads),
      ),
  }),
  fact(
    'The file of a Unix socket that nobody listens on any more is replaced, and one that is served is left',
    {
      roads: ['Unix socket'],
      plays: (stage) =>
        defer(() => {
          const address = stage.road.address() as { path: string };
          const script = `require('net').createServer().listen(${JSON.stringify(address.path)}, () => process.kill(process.pid, 'SIGKILL'))`;
          spawnSync(process.execPath, ['-e', script]);
          expect('a file is left', existsSync(address.path));
          return inTurn(
            withServer(stage, { address, app: echoes }, ({ at }) =>
              inTurn(
                endsWith(listen(address, { transport: stage.road.transport }), 'address-in-use'),
                peerDoes(stage, at, asks),
              ),
            ),
            check(() => expect('no file is left', !existsSync(address.path))),
          );
        }),
    },
  ),
  fact(
    'Where the process may open few files, callers above them are told, and places that become free are taken',
    {
      roads: ['TCP'],
      heavy: true,
      plays: ({ road }) => {
        // 80 % of 200 would leave nothing for what Node has open itself, and for those who are told.
        const room = 72;
        const leave = new Subject<void>();
        const at = new ReplaySubject<At>(1);
        let refused = 0;
        let full = 0;
        const server = serverOfFewFiles(200).pipe(
          tap((line) => {
            const [what, port] = line.split(' ');
            if (what === 'port') at.next({ host: '127.0.0.1', port: Number(port) });
            if (what === 'refused') refused++;
            if (what === 'full') full++;
          }),
          ignoreElements(),
        );
        const calls = (where: At) => {
          const staying = atOnce(room, () =>
            road.dial(where).pipe(
              tap((end) => end.write(Uint8Array.of(0xff))),
              takeUntil(leave),
            ),
          );
          const others = inTurn(
            timer(1_000),
            again(24, () => peerDoes({ road }, where, [hears(hex('fe')), fin])),
            timer(100),
            check(() => {
              expect(`${refused} refusals are told`, refused === 24);
            }),
            // Nobody among them hangs up: all are in the middle of being told.
            atOnce(120, () => road.dial(where).pipe(takeUntil(timer(400)))),
            check(() => {
              expect(`a file can be opened, but for ${full} times`, full === 0);
              leave.next();
            }),
            timer(300),
            atOnce(60, () => peerDoes({ road }, where, [says(opening), hears(opening), fin])),
          );
          return merge(staying, others);
        };
        return merge(server, concat(at.pipe(take(1), switchMap(calls)), of('over'))).pipe(
          takeWhile((each) => each !== 'over'),
        );
      },
    },
  ),
]);
