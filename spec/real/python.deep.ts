import { type Connection, type ConnectOptions, connect, consume, converse, tinyproto } from 'rx-tinyproto';
import {
  concatMap,
  firstValueFrom,
  from,
  ignoreElements,
  lastValueFrom,
  map,
  merge,
  NEVER,
  type Observable,
  type ObservableInput,
  take,
  tap,
  timer,
  toArray,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import { type Cleanup, type Handler, type Served, serving } from '../helpers/loopback.js';
import { describePeer, fetched, onPath, peerFolder } from '../helpers/peers.js';
import { type Digest, digest, type PythonPeer, patterned, python, type Script } from '../helpers/python.js';

/** What the wire's description says of one peer. */
interface Peer {
  readonly program: string;
  readonly packages?: string;
  /** How its client puts our `fe`. */
  readonly full: string;
  /** How its server tells that it is full, as our client sees it. */
  readonly whenFull: readonly string[];
  /** What its thread dies of when we end the connection first, if it does. */
  readonly atOurEnd?: string;
  /** A dead thread of its server leaves the socket open, so that our `close()` ends at its deadline. */
  readonly closeTimeoutMs?: number;
  /** How it takes our header, in a collision, for a refusal. */
  readonly collision: string;
  /** How it puts our refusal of a size. */
  readonly refusal: string;
}

const facts: Peer = {
  program: 'facts.py',
  full: 'Refused: opening byte fe',
  whenFull: ['connection-limit'],
  collision: 'Refused: answer 00',
  refusal: 'Refused: answer fd',
};

const old: Peer = {
  program: 'original.py',
  packages: peerFolder('tinyproto-2.0.1'),
  full: "TinyProtoError: Initialisation error: bytearray(b'\\xfe')",
  // It sends 254 zeros; and since it closes with our opening byte unread, RST may come before we have read them.
  whenFull: ['opening-refused', 'reset'],
  collision: "TinyProtoError: Transmission rejected: bytearray(b'\\x00')",
  refusal: "TinyProtoError: Transmission rejected: bytearray(b'\\xfd')",
};

const current: Peer = {
  ...old,
  packages: peerFolder('tinyproto-3.0'),
  // The whole server dies.
  whenFull: ['cut-short', 'reset'],
  closeTimeoutMs: 1_000,
  atOurEnd:
    'TinyProtoError: Received zero bytes from remote end. Most probably remote end dropped connection.',
};

// Most of the time is spent in Python's waits, so all of it goes on at once.
describe.concurrent('With Python', () => {
  describePeer('a peer written from the facts', onPath('python3'), () => conversations(facts));
  describePeer('tinyproto 2.0.1', fetched('tinyproto-2.0.1'), () => conversations(old));
  describePeer('tinyproto 3.0', fetched('tinyproto-3.0'), () => conversations(current));
});

const everySize = [0, 1, 255, 65_536, 5_000_000, 'Grüße aus Köln, שלום, 你好, 🎉'];
const hundred = Array.from({ length: 100 }, (_, index) => index * 7);
/** A busy machine may keep Python waiting for longer than the 100 ms of the default. */
const half = tinyproto({ duplex: 'half', quietMs: 250 });

function conversations(peer: Peer): void {
  const run = (test: Cleanup, script: Script) => python(test, peer.program, script, peer.packages);
  const client = (test: Cleanup, port: number, script: Omit<Script, 'role' | 'port'>) =>
    run(test, { role: 'client', port, ...script });
  const server = async (test: Cleanup, script: Omit<Script, 'role'>) => {
    const running = run(test, { role: 'server', ...script });
    const { port } = await running.next('listening');
    return Object.assign(running, { port: port as number });
  };

  /** One conversation with a server of theirs, and what the handler got from it. */
  const call = (
    { port }: { readonly port: number },
    handler: (connection: Connection) => Observable<unknown>,
    options: ConnectOptions = {},
  ) =>
    lastValueFrom(
      connect(port, { closeTimeoutMs: peer.closeTimeoutMs ?? 10_000, ...options }).pipe(
        converse(handler),
        map((got) => (got instanceof Uint8Array ? digest(got) : got)),
        toArray(),
      ),
    );

  describe('as a client of ours', () => {
    it('gets messages of every size and text back, and ends first', async (test) => {
      const ours = await serving(test, echo);
      const theirs = client(test, ours.port, { do: 'talk', messages: everySize });
      expect(await theirs.next('talked')).toMatchObject({ count: everySize.length, wrong: 0 });
      await endedWell(theirs);
      expect(await closing(ours)).toMatchObject({ by: 'peer' });
      expect(ours.errors).toEqual([]);
    });

    it('gets a hundred messages back in lockstep', async (test) => {
      const ours = await serving(test, echo);
      const theirs = client(test, ours.port, { do: 'talk', messages: hundred });
      expect(await theirs.next('talked')).toMatchObject({ count: 100, wrong: 0 });
      await endedWell(theirs);
      expect(ours.errors).toEqual([]);
    });

    it('loses none of a hundred messages behind which it ends', async (test) => {
      const heard = hearing();
      const ours = await serving(test, heard.handler);
      await endedWell(client(test, ours.port, { do: 'stream', messages: hundred }));
      expect(await closing(ours)).toEqual({ by: 'peer', dropped: none });
      expect(heard.messages).toEqual(digests(hundred));
      expect(ours.errors).toEqual([]);
    });

    it('gets all of a hundred messages behind which we end', async (test) => {
      const ours = await serving(test, (conn) => sendAll(conn, hundred));
      const theirs = client(test, ours.port, { do: 'sink' });
      await endedWell(theirs, peer.atOurEnd);
      expect(theirs.heard).toEqual(digests(hundred));
      expect(await closing(ours)).toEqual({ by: 'us', dropped: none });
      expect(ours.errors).toEqual([]);
    });

    it.for([3, 10])('gets a burst of %i back, in half duplex', async (count, test) => {
      const ours = await serving(test, echo, { framing: half });
      const theirs = client(test, ours.port, { do: 'burst', messages: hundred.slice(-count) });
      expect(await theirs.next('talked')).toMatchObject({ count, wrong: 0 });
      await endedWell(theirs);
      expect(ours.errors).toEqual([]);
    });

    it('is served twenty times at once', async (test) => {
      const ours = await serving(test, echo);
      const theirs = client(test, ours.port, { do: 'talk', messages: hundred.slice(-10), connections: 20 });
      await endedWell(theirs);
      expect(theirs.told('talked')).toEqual(Array(20).fill({ event: 'talked', count: 10, wrong: 0 }));
      expect(ours.connections).toHaveLength(20);
      expect(ours.errors).toEqual([]);
    });

    it('is told when the server is full, and finds the place that becomes free', async (test) => {
      const ours = await serving(test, echo, { maxConnections: 1 });
      const theirs = client(test, ours.port, { do: 'echo', connections: 2 });
      await theirs.next('opened');
      await theirs.next('died');
      theirs.stop();
      await endedWell(theirs, peer.full);
      const next = client(test, ours.port, { do: 'talk', messages: [1, 2, 3] });
      expect(await next.next('talked')).toMatchObject({ wrong: 0 });
      await endedWell(next);
      expect(ours.connections).toHaveLength(2);
      expect(ours.errors).toEqual([]);
    });

    it('is told that its message is too large', async (test) => {
      const heard = hearing();
      const ours = await serving(test, heard.handler, { framing: tinyproto({ maxMessageBytes: 100_000 }) });
      const theirs = client(test, ours.port, { do: 'stream', messages: [100_000, 100_001] });
      await endedWell(theirs, peer.refusal);
      expect(heard.messages).toEqual(digests([100_000]));
      expect(await closing(ours)).toEqual({ by: 'peer', dropped: none });
    });

    it('is found lost after a collision, though it says nothing more', async (test) => {
      const framing = tinyproto({ extraSlots: 1, okTimeoutMs: 200 });
      const ours = await serving(test, interrupting, { framing });
      const theirs = client(test, ours.port, { do: 'babble', linger: true });
      expect(await theirs.next('died')).toMatchObject({ error: peer.collision });
      expect(await closing(ours)).toMatchObject({ by: 'error', error: { code: 'ok-timeout' } });
      expect(ours.errors).toMatchObject([{ code: 'connection-closed', cause: { code: 'ok-timeout' } }]);
      theirs.stop();
      await endedWell(theirs, peer.collision);
    });

    it('is found in a collision by its header, in half duplex', async (test) => {
      const framing = tinyproto({ duplex: 'half', quietMs: 0 });
      const ours = await serving(test, echo, { framing });
      client(test, ours.port, { do: 'babble' });
      expect(await closing(ours)).toMatchObject({ by: 'error', error: { code: 'collision' } });
    });

    it('is found silent by the next message', async (test) => {
      const framing = tinyproto({ duplex: 'half', okTimeoutMs: 200 });
      const ours = await serving(test, (conn) => sendAll(conn, [1, 2]), { framing });
      const theirs = client(test, ours.port, { do: 'fail', linger: true });
      await theirs.next('died');
      expect(await closing(ours)).toMatchObject({ by: 'error', error: { code: 'ok-timeout' } });
      expect(ours.errors).toMatchObject([
        { kind: 'send', code: 'connection-closed', fate: 'not-sent', cause: { code: 'ok-timeout' } },
      ]);
      theirs.stop();
      await endedWell(theirs, 'RuntimeError: failed at work');
    });

    it('can be killed in the middle of a message', async (test) => {
      const heard = hearing();
      const ours = await serving(test, heard.handler);
      const theirs = client(test, ours.port, { do: 'half', size: 1_000_000, after: 500_000 });
      await theirs.next('stalled');
      theirs.kill();
      expect(await closing(ours)).toMatchObject({ by: 'error', error: { code: 'cut-short' } });
      expect(heard.messages).toEqual([]);
      await endedWell(client(test, ours.port, { do: 'stream', messages: [1] }));
      expect(heard.messages).toHaveLength(1);
    });

    it('gives up after its 5 s when its message is not taken', async (test) => {
      const heard = hearing(() => NEVER);
      const ours = await serving(test, heard.handler);
      const theirs = client(test, ours.port, { do: 'stream', messages: [1, 2] });
      expect(await closing(ours)).toMatchObject({
        by: 'error',
        error: { kind: 'protocol', code: 'cut-short' },
      });
      expect(heard.messages).toEqual(digests([1]));
      await theirs.exit;
    });

    it('does not give up while a slow consumer takes its time, in half duplex', async (test) => {
      const heard = hearing(() => timer(250));
      const ours = await serving(test, heard.handler, { framing: half });
      await endedWell(client(test, ours.port, { do: 'stream', messages: hundred.slice(-8), timeout: 1 }));
      expect(await closing(ours)).toEqual({ by: 'peer', dropped: none });
      expect(heard.messages).toHaveLength(8);
      expect(ours.errors).toEqual([]);
    });
  });

  describe('as a server of ours', () => {
    it('sends messages of every size and text back, and we end first', async (test) => {
      const theirs = await server(test, { do: 'echo' });
      expect(await call(theirs, lockstep(everySize))).toEqual(digests(everySize));
      theirs.stop();
      await endedWell(theirs, peer.atOurEnd);
    });

    it('sends a hundred messages back in lockstep', async (test) => {
      const theirs = await server(test, { do: 'echo' });
      expect(await call(theirs, lockstep(hundred))).toEqual(digests(hundred));
      theirs.stop();
      await endedWell(theirs, peer.atOurEnd);
    });

    it('gets all of a hundred messages behind which we end', async (test) => {
      const theirs = await server(test, { do: 'sink' });
      await call(theirs, (conn) => sendAll(conn, hundred));
      await theirs.next(peer.atOurEnd ? 'died' : 'ended');
      expect(theirs.heard).toEqual(digests(hundred));
      theirs.stop();
      await endedWell(theirs, peer.atOurEnd);
    });

    it('loses none of a hundred messages behind which it ends', async (test) => {
      const theirs = await server(test, { do: 'stream', messages: hundred });
      expect(await call(theirs, ({ messages$ }) => messages$)).toEqual(digests(hundred));
      theirs.stop();
      await endedWell(theirs);
    });

    it('sends a burst of large messages back, in half duplex', async (test) => {
      const theirs = await server(test, { do: 'echo' });
      const large = [5_000_000, 5_000_001];
      // Python has to read all that the kernel has before it can answer.
      const framing = tinyproto({ duplex: 'half', quietMs: 1_500 });
      expect(await call(theirs, allAtOnce(large), { framing })).toEqual(digests(large));
      theirs.stop();
      await endedWell(theirs, peer.atOurEnd);
    });

    it.for([3, 10])('sends a burst of %i back, in half duplex', async (count, test) => {
      const theirs = await server(test, { do: 'echo' });
      const burst = hundred.slice(-count);
      expect(await call(theirs, allAtOnce(burst), { framing: half })).toEqual(digests(burst));
      theirs.stop();
      await endedWell(theirs, peer.atOurEnd);
    });

    it('serves twenty of us at once', async (test) => {
      const theirs = await server(test, { do: 'echo' });
      const ten = hundred.slice(-10);
      const calls = Array.from({ length: 20 }, () => call(theirs, lockstep(ten)));
      expect(await Promise.all(calls)).toEqual(Array(20).fill(digests(ten)));
      theirs.stop();
      expect(await theirs.exit).toMatchObject({ code: 0, stderr: '' });
    });

    it('ends our conversation in order when it stops', async (test) => {
      const theirs = await server(test, { do: 'echo' });
      const answer = call(theirs, (conn) => {
        conn.send(patterned('bye')).subscribe();
        return conn.messages$.pipe(tap(() => theirs.stop()));
      });
      expect(await answer).toEqual(digests(['bye']));
      expect(await theirs.exit).toMatchObject({ code: 0, stderr: '' });
    });

    it('tells us, or shows us, that it is full', async (test) => {
      const theirs = await server(test, { do: 'echo', limit: 1 });
      const first = connect(theirs.port).subscribe({ error: () => {} });
      test.onTestFinished(() => first.unsubscribe());
      await theirs.next('opened');
      const refused = await call(theirs, ({ messages$ }) => messages$).catch((error) => error);
      expect(peer.whenFull).toContain(refused.code);
    });

    it('is found in a collision by its header, in half duplex', async (test) => {
      const theirs = await server(test, { do: 'babble' });
      const framing = tinyproto({ duplex: 'half', quietMs: 0 });
      await expect(call(theirs, echo, { framing })).rejects.toMatchObject({ code: 'collision' });
    });

    it('can be killed in the middle of a message', async (test) => {
      const theirs = await server(test, { do: 'half', size: 1_000_000, after: 500_000 });
      const heard: Uint8Array[] = [];
      const conversation = call(theirs, ({ messages$ }) => messages$.pipe(tap((each) => heard.push(each))));
      theirs.next('stalled').then(theirs.kill);
      await expect(conversation).rejects.toMatchObject({ kind: 'protocol', code: 'cut-short' });
      expect(heard).toEqual([]);
    });
  });
}

const none = { messages: 0, bytes: 0 };

const echo = (conn: Connection) => conn.messages$.pipe(consume((message) => conn.send(message)));

/** Speaks while the first message is at work, and never lets go of it. */
const interrupting: Handler = (conn) =>
  conn.messages$.pipe(consume(() => merge(conn.send(patterned(1)).pipe(ignoreElements()), NEVER)));

/** A handler that keeps what it hears. */
function hearing(work: () => ObservableInput<unknown> = () => []) {
  const messages: Digest[] = [];
  const handler: Handler = ({ messages$ }) =>
    messages$.pipe(
      consume((message) => {
        messages.push(digest(message));
        return work();
      }),
    );
  return { messages, handler };
}

const all = (messages: readonly (number | string)[]) => messages.map(patterned);
const digests = (messages: readonly (number | string)[]) => all(messages).map(digest);

const sendAll = (conn: Connection, messages: readonly (number | string)[]) =>
  from(all(messages)).pipe(concatMap((message) => conn.send(message)));

/** Sends a message, awaits its answer, sends the next. */
const lockstep = (messages: readonly (number | string)[]) => (conn: Connection) =>
  from(all(messages)).pipe(
    concatMap((message) => merge(conn.send(message).pipe(ignoreElements()), conn.messages$.pipe(take(1)))),
  );

/** Sends everything, and awaits as many answers. */
const allAtOnce = (messages: readonly (number | string)[]) => (conn: Connection) =>
  merge(
    ...all(messages).map((message) => conn.send(message).pipe(ignoreElements())),
    conn.messages$.pipe(take(messages.length)),
  );

/** The program has ended by itself, and nothing went wrong in it but this. */
async function endedWell(running: PythonPeer, but?: string): Promise<void> {
  expect(await running.exit).toEqual({ code: 0, signal: null, stderr: '' });
  expect(running.told('died').map(({ error }) => error)).toEqual(but === undefined ? [] : [but]);
}

/** How the one connection ended, which has come or will. */
const closing = async (ours: Served) => firstValueFrom((await ours.next()).closed$);
