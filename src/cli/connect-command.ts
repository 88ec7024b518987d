import {
  concat,
  debounceTime,
  defer,
  endWith,
  ignoreElements,
  NEVER,
  type Observable,
  share,
  startWith,
  take,
  takeUntil,
} from 'rxjs';
import { converse } from '../client/converse.js';
import type { Connection } from '../connection/connection.js';
import { consume } from '../flow/consume.js';
import { connect } from '../index.js';
import { timerMs } from '../time.js';
import { formatAddress } from '../transport/address.js';
import { command } from './command.js';
import { interruptible } from './endings.js';
import { framingHelp } from './framing-option.js';
import { numberOf, wholeOf } from './options.js';
import { addressOf, type Talk, talkOf } from './talk.js';
import { talkOptions } from './talk-options.js';
import { clientTls, tlsClientOptions } from './tls-option.js';
import { UsageError } from './usage-error.js';

/** The netcat of message protocols: lines in are messages out, messages in are lines out. */
export const connectCommand = command({
  name: 'connect',
  operands: 'ADDRESS',
  summary: 'talks with a server: each line that comes in is a message, each message that comes is a line',
  options: {
    ...talkOptions,
    ...tlsClientOptions,
    take: { type: 'string', value: 'N', help: 'ends after so many messages from the server' },
    wait: {
      type: 'string',
      value: 'SECONDS',
      help: 'after the last line goes on until nothing has come for so long (default 1), or forever',
    },
  },
  more: `With a framing that can end one direction alone (all but tinyproto), the server is told of the last
line, and has until it ends its own; --wait bounds that, too, where you give it.
${framingHelp}`,
  examples: [
    ['rx-tinyproto connect example.org:9123 --tls', 'with TLS, to a server that Node trusts'],
    ['echo hello | rx-tinyproto connect 127.0.0.1:9123', 'says one line and prints the answers'],
    ['rx-tinyproto connect example.org:7000 --framing lines', 'a telnet for lines'],
    [
      'rx-tinyproto connect /run/echo.sock --hex --wiretap',
      'bytes, over a Unix socket, with all that passes',
    ],
    [`echo '{"ask": 1}' | rx-tinyproto connect :7000 --json --take 1 | jq .`, 'one question, one answer'],
  ],
  run(values, operands, stage) {
    const [word, ...rest] = operands;
    if (word === undefined || rest.length > 0) throw new UsageError('connect needs one address');
    const talk = talkOf(values, 'connect', stage);
    const wait = numberOf('wait', values.wait, 0);
    const limits = {
      takes: wholeOf('take', values.take, 1),
      waitMs: wait === undefined ? undefined : wait * 1_000,
    };
    const { framing, transport } = talk;
    return connect(addressOf(word, values), { framing, transport, ...clientTls(values) }).pipe(
      converse((conn) => {
        talk.note(`Connected to ${formatAddress(conn.remote)}`);
        conn.closed$.subscribe(({ by }) => by === 'peer' && talk.note('The server has left'));
        return conversation(talk.taped(conn), talk, limits);
      }),
      talk.keeping,
      interruptible(stage),
    );
  },
});

interface Limits {
  readonly takes: number | undefined;
  readonly waitMs: number | undefined;
}

function conversation(conn: Connection, talk: Talk, { takes, waitMs }: Limits): Observable<never> {
  const messages$ = conn.messages$.pipe(share());
  const said$ = talk.said$.pipe(consume((message) => conn.send(message)));
  const over$ = concat(
    said$,
    defer(() => listening(conn, messages$, talk, waitMs)),
  ).pipe(ignoreElements(), endWith(undefined));
  return messages$.pipe(
    take(takes ?? Number.POSITIVE_INFINITY),
    consume((message) => talk.show(message)),
    takeUntil(over$),
  );
}

/** What follows the last line: the server is told, where it can be, and has its time to answer. */
function listening(
  conn: Connection,
  messages$: Observable<unknown>,
  { framing }: Talk,
  waitMs: number | undefined,
): Observable<unknown> {
  const told$ = framing.halfClose ? conn.end() : [];
  const ms = waitMs ?? (framing.halfClose ? Number.POSITIVE_INFINITY : 1_000);
  if (ms === Number.POSITIVE_INFINITY) return concat(told$, NEVER);
  return concat(told$, messages$.pipe(startWith(undefined), debounceTime(timerMs(ms)), take(1)));
}
