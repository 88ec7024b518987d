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
  toArray,
} from 'rxjs';
import { expect } from 'vitest';
import type { Cleanup, Handler, Served } from '../../helpers/loopback.js';
import { peerFolder } from '../../helpers/peers.js';
import {
  type Digest,
  digest,
  type PythonPeer,
  patterned,
  python,
  type Script,
} from '../../helpers/python.js';

/** What the wire's description says of one peer. */
export interface Peer {
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

export const facts: Peer = {
  program: 'facts.py',
  full: 'Refused: opening byte fe',
  whenFull: ['connection-limit'],
  collision: 'Refused: answer 00',
  refusal: 'Refused: answer fd',
};

export const old: Peer = {
  program: 'original.py',
  packages: peerFolder('tinyproto-2.0.1'),
  full: "TinyProtoError: Initialisation error: bytearray(b'\\xfe')",
  // It sends 254 zeros; and since it closes with our opening byte unread, RST may come before we have read them.
  whenFull: ['opening-refused', 'reset'],
  collision: "TinyProtoError: Transmission rejected: bytearray(b'\\x00')",
  refusal: "TinyProtoError: Transmission rejected: bytearray(b'\\xfd')",
};

export const current: Peer = {
  ...old,
  packages: peerFolder('tinyproto-3.0'),
  // The whole server dies.
  whenFull: ['cut-short', 'reset'],
  closeTimeoutMs: 1_000,
  atOurEnd:
    'TinyProtoError: Received zero bytes from remote end. Most probably remote end dropped connection.',
};

export const everySize = [0, 1, 255, 65_536, 5_000_000, 'Grüße aus Köln, שלום, 你好, 🎉'];
export const hundred = Array.from({ length: 100 }, (_, index) => index * 7);
/** A busy machine may keep Python waiting for longer than the 100 ms of the default. */
export const half = tinyproto({ duplex: 'half', quietMs: 250 });

/** Both roles of a peer, and one conversation with its server. */
export function talking(peer: Peer) {
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

  return { client, server, call };
}

export const none = { messages: 0, bytes: 0 };

export const echo = (conn: Connection) => conn.messages$.pipe(consume((message) => conn.send(message)));

/** Speaks while the first message is at work, and never lets go of it. */
export const interrupting: Handler = (conn) =>
  conn.messages$.pipe(consume(() => merge(conn.send(patterned(1)).pipe(ignoreElements()), NEVER)));

/** A handler that keeps what it hears. */
export function hearing(work: () => ObservableInput<unknown> = () => []) {
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
export const digests = (messages: readonly (number | string)[]) => all(messages).map(digest);

export const sendAll = (conn: Connection, messages: readonly (number | string)[]) =>
  from(all(messages)).pipe(concatMap((message) => conn.send(message)));

/** Sends a message, awaits its answer, sends the next. */
export const lockstep = (messages: readonly (number | string)[]) => (conn: Connection) =>
  from(all(messages)).pipe(
    concatMap((message) => merge(conn.send(message).pipe(ignoreElements()), conn.messages$.pipe(take(1)))),
  );

/** Sends everything, and awaits as many answers. */
export const allAtOnce = (messages: readonly (number | string)[]) => (conn: Connection) =>
  merge(
    ...all(messages).map((message) => conn.send(message).pipe(ignoreElements())),
    conn.messages$.pipe(take(messages.length)),
  );

/** The program has ended by itself, and nothing went wrong in it but this. */
export async function endedWell(running: PythonPeer, but?: string): Promise<void> {
  expect(await running.exit).toEqual({ code: 0, signal: null, stderr: '' });
  expect(running.told('died').map(({ error }) => error)).toEqual(but === undefined ? [] : [but]);
}

/** How the one connection ended, which has come or will. */
export const closing = async (ours: Served) => firstValueFrom((await ours.next()).closed$);
