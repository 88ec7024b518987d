import { type Connection, connect, consume, converse, tinyproto } from 'rx-tinyproto';
import {
  concatMap,
  defer,
  from,
  ignoreElements,
  merge,
  NEVER,
  type Observable,
  take,
  tap,
  timer,
} from 'rxjs';
import { type PythonPeer, type Script as PythonScript, patterned } from '../../helpers/python.js';
import { echoes, reads, sends } from '../apps.js';
import { calls, check, endsWith, expect, inTurn, type Up, type UpOptions, withServer } from '../plays.js';
import { isHere, type Version, versions, withPython } from '../pythons.js';
import { type App, chapter, fact, type Play, type Stage } from '../suite.js';
import { messageBytes } from '../words.js';

const hundred = Array.from({ length: 100 }, (_, index) => index * 7);
/** Where Python peers talk whenever they like. A busy machine may keep Python waiting for longer than the 100 ms of the default. */
const half = tinyproto({ duplex: 'half', quietMs: 250 });

/** With each version. */
const withEach = (plays: (stage: Stage, version: Version) => Observable<unknown>): Play[] =>
  versions.map((version) => ({
    name: `tinyproto ${version}`,
    roads: ['TCP'],
    heavy: true,
    needs: isHere(version),
    plays: (stage) => inTurn(plays(stage, version), stage.book.allClosed$),
  }));

/** A server of theirs, and what is done with it. */
const theirServer = (
  version: Version,
  script: Omit<PythonScript, 'role'>,
  body: (port: number, peer: PythonPeer) => Observable<unknown>,
) =>
  withPython(version, { role: 'server', ...script }, (peer) =>
    from(peer.next('listening')).pipe(concatMap(({ port }) => body(port as number, peer))),
  );

/** A server of ours, a client of theirs, and what is waited for. */
const theirClient = (
  stage: Stage,
  version: Version,
  { listening, ...script }: Omit<PythonScript, 'role'> & { readonly listening?: UpOptions },
  body: (peer: PythonPeer, up: Up) => Observable<unknown>,
) =>
  withServer(stage, listening ?? {}, (up) =>
    withPython(version, { role: 'client', port: (up.at as { port: number }).port, ...script }, (peer) =>
      body(peer, up),
    ),
  );

/** One message, its answer, and then the next. */
const lockstep =
  (messages: readonly (string | number)[]): App =>
  (connection, book) =>
    from(messages).pipe(
      concatMap((each) =>
        merge(
          book.send(connection, messageBytes(each)).pipe(ignoreElements()),
          book.read(connection).pipe(take(1)),
        ),
      ),
    );

/** `peer.py` tells messages of one size apart by their place. */
const areThese = ({ book }: Stage, messages: readonly (string | number)[], byPlace = false) =>
  check(() =>
    expect(
      `${book.messages.length} of ${messages.length} came, in order`,
      book.messages.length === messages.length &&
        book.messages.every(
          (each, at) => Buffer.compare(each, patterned(messages[at] as number, byPlace ? at : 0)) === 0,
        ),
    ),
  );

const told = (peer: PythonPeer, event: string) => defer(() => from(peer.next(event)));
const isOver = ({ book }: Stage, ...ends: readonly string[]) =>
  inTurn(
    book.over(1),
    check(() => expect(`${book.endings[0]} is ${ends}`, ends.includes(book.endings[0] ?? ''))),
  );

export const realPeersChapter = chapter(14, 'Real peers', [
  fact(
    'Its server sends back a hundred messages in lockstep',
    ...withEach((stage, version) =>
      theirServer(version, { do: 'echo' }, (port) =>
        inTurn(calls(stage, port, lockstep(hundred), { closeTimeoutMs: 500 }), areThese(stage, hundred)),
      ),
    ),
  ),
  fact(
    'Its server streams a hundred messages and ends, and none is lost',
    ...withEach((stage, version) =>
      theirServer(version, { do: 'stream', messages: hundred }, (port) =>
        inTurn(calls(stage, port), areThese(stage, hundred, true)),
      ),
    ),
  ),
  fact(
    'Its client is answered in lockstep',
    ...withEach((stage, version) =>
      theirClient(stage, version, { do: 'talk', messages: hundred, listening: { app: echoes } }, (peer) =>
        inTurn(
          told(peer, 'talked').pipe(
            tap(({ wrong, count }) => expect(`${wrong} of ${count} are wrong`, wrong === 0)),
          ),
          isOver(stage, 'peer'),
        ),
      ),
    ),
  ),
  fact(
    'Its client streams a hundred messages and ends, and none is lost',
    ...withEach((stage, version) =>
      theirClient(stage, version, { do: 'stream', messages: hundred }, () =>
        inTurn(isOver(stage, 'peer'), areThese(stage, hundred, true)),
      ),
    ),
  ),
  fact(
    'A burst of its client comes back, in half duplex',
    ...withEach((stage, version) =>
      theirClient(
        stage,
        version,
        { do: 'burst', messages: hundred.slice(-10), listening: { app: echoes, framing: half } },
        (peer) => told(peer, 'talked').pipe(tap(({ wrong }) => expect(`${wrong} are wrong`, wrong === 0))),
      ),
    ),
  ),
  fact(
    'What it stops in the midst of, and dies, is not delivered',
    ...withEach((stage, version) =>
      theirClient(stage, version, { do: 'half', size: 1_000_000, after: 500_000 }, (peer) =>
        inTurn(
          told(peer, 'stalled').pipe(tap(() => peer.kill())),
          isOver(stage, 'error cut-short'),
          check(() => expect('nothing is delivered', stage.book.messages.length === 0)),
        ),
      ),
    ),
  ),
  fact(
    'A thread of its that is dead, with its socket open, is found by the next message',
    ...withEach((stage, version) =>
      theirClient(
        stage,
        version,
        {
          do: 'fail',
          linger: true,
          listening: { app: sends(1, 2), framing: tinyproto({ duplex: 'half', okTimeoutMs: 200 }) },
        },
        (peer) => inTurn(told(peer, 'died'), isOver(stage, 'error ok-timeout')),
      ),
    ),
  ),
  fact(
    'One of its clients too many is told so',
    ...withEach((stage, version) =>
      theirClient(
        stage,
        version,
        {
          do: 'stream',
          messages: [1],
          connections: 2,
          linger: true,
          listening: { app: () => NEVER, maxConnections: 1 },
        },
        (peer) =>
          told(peer, 'died').pipe(tap(({ error }) => expect(`${error}`, String(error).includes('\\xfe')))),
      ),
    ),
  ),
  fact(
    'Its server that is full, and says so in its own way, is an error with a name',
    ...withEach((stage, version) =>
      theirServer(version, { do: 'echo', limit: 1 }, (port) =>
        inTurn(
          connect(port, { transport: stage.road.transport }).pipe(
            converse(() =>
              endsWith(
                calls(stage, port, () => NEVER),
                'opening-refused',
                'cut-short',
                'reset',
              ),
            ),
          ),
        ),
      ),
    ),
  ),
  fact(
    'A collision is found by its header, in half duplex',
    ...withEach((stage, version) =>
      theirClient(
        stage,
        version,
        {
          do: 'babble',
          linger: true,
          listening: {
            framing: tinyproto({ duplex: 'half', quietMs: 0 }),
            app: (connection, book) => merge(reads(connection, book), babble(connection)),
          },
        },
        () => isOver(stage, 'error collision'),
      ),
    ),
  ),
]);

/** Talks into whatever the other side says. */
const babble = (connection: Connection) =>
  timer(0, 1).pipe(
    consume(() => connection.send(messageBytes('bla')), { strict: false }),
    ignoreElements(),
  );
