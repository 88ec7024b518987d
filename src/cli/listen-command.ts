import { identity, type Observable, Subject, switchMap, takeUntil, tap } from 'rxjs';
import type { Connection } from '../connection/connection.js';
import type { Dashboard } from '../dashboard/index.js';
import { SendError } from '../errors.js';
import { listen } from '../index.js';
import { serve } from '../server/serve.js';
import { formatAddress } from '../transport/address.js';
import type { BoundAddress } from '../transport/transport.js';
import { inked } from './colors.js';
import { command } from './command.js';
import { dashboardOf, dashboardOptions } from './dashboard-option.js';
import { beside } from './endings.js';
import { errorLine } from './error-line.js';
import { framingHelp } from './framing-option.js';
import { broadcasting, echoing, executing, type Mode, relaying, talking } from './listen-modes.js';
import type { Values } from './options.js';
import { tell } from './stage.js';
import { addressOf, type Talk, talkOf } from './talk.js';
import { talkOptions } from './talk-options.js';
import { serverTls, tlsServerOptions } from './tls-option.js';
import { UsageError } from './usage-error.js';

const options = {
  ...talkOptions,
  ...tlsServerOptions,
  echo: { type: 'boolean', help: 'says each message back' },
  broadcast: { type: 'boolean', help: 'says each message to all the others' },
  relay: { type: 'string', value: 'ADDRESS', help: 'puts everybody through to that server' },
  exec: {
    type: 'string',
    value: 'COMMAND',
    help: 'runs it for each connection: messages are lines on its standard input and output',
  },
  once: { type: 'boolean', help: 'takes one connection at a time, and ends with the first' },
  ...dashboardOptions,
} as const;

export const listenCommand = command({
  name: 'listen',
  operands: '[ADDRESSES…]',
  summary: 'a server: shows what comes as lines, and says what is typed to all who are here',
  options,
  more: `Without an address it listens on 127.0.0.1:9123; a port alone is 127.0.0.1 too, '*:9123' is every
interface, and port 0 lets the system choose.
${framingHelp}`,
  examples: [
    ['rx-tinyproto listen', 'shows what comes to 127.0.0.1:9123; what you type goes to all'],
    ['rx-tinyproto listen :7000 /run/echo.sock --echo --framing lines', 'an echo server on two addresses'],
    ['rx-tinyproto listen --relay 10.0.0.5:9123 --wiretap', 'looks at what passes between two others'],
    ["rx-tinyproto listen '*:9123' --tls-cert cert.pem --tls-key key.pem", 'with TLS, for everybody'],
    ["rx-tinyproto listen --exec 'tr a-z A-Z' --framing lines", 'a server made of a filter'],
    ['rx-tinyproto listen --json --record talk.svg', 'keeps the conversation as a picture'],
    ['rx-tinyproto listen --echo --dashboard 8080', 'shows who says what, live, in a browser'],
  ],
  run(values, operands, stage) {
    const talk = talkOf(values, 'listen', stage);
    const mode = modeOf(values, talk);
    const addresses = (operands.length > 0 ? operands : ['127.0.0.1:9123']).map((word) =>
      addressOf(word, values),
    );
    const gone$ = new Subject<void>();
    const openObserver = {
      next: (bound: readonly BoundAddress[]) => {
        for (const address of bound) talk.note(`Listening on ${formatAddress(address)}`);
      },
    };
    const { framing, transport } = talk;
    const limits = values.once ? { maxConnections: 1 } : {};
    const served = (shown?: Dashboard) =>
      listen(addresses, {
        framing,
        transport,
        openObserver,
        allowHalfOpen: true,
        ...limits,
        ...serverTls(values),
        ...(shown && { eventObserver: shown.eventObserver }),
      }).pipe(
        takeUntil(stage.interrupt$),
        values.once ? takeUntil(gone$) : identity,
        shown?.watch() ?? identity,
        serving(mode, talk, () => gone$.next()),
        mode.beside$ ? beside(mode.beside$) : identity,
        shown
          ? beside(shown.page$.pipe(tap((url) => tell(stage, inked(stage.err, 'dim', `Shown at ${url}`)))))
          : identity,
        talk.keeping,
      );
    return dashboardOf(values.dashboard)?.pipe(switchMap((shown) => served(shown))) ?? served();
  },
});

function modeOf({ echo, broadcast, relay, exec, unix }: Values<typeof options>, talk: Talk): Mode {
  const asked = Object.entries({ echo, broadcast, relay, exec }).filter(([, value]) => value !== undefined);
  if (asked.length > 1)
    throw new UsageError(`${asked.map(([name]) => `--${name}`).join(' and ')} exclude each other`);
  if (echo) return echoing;
  if (broadcast) return broadcasting();
  if (relay !== undefined) return relaying(addressOf(relay, { unix: unix ?? false }), talk);
  return exec === undefined ? talking(talk) : executing(exec, talk);
}

/** Serves everybody in a mode, by numbers, and tells who comes and goes. */
function serving(mode: Mode, talk: Talk, gone: () => void) {
  let count = 0;
  return serve(
    (conn: Connection, { stopping$ }): Observable<never> => {
      const name = `${++count}`;
      const from = formatAddress(conn.remote);
      talk.note(`${name} is here, ${from}`);
      conn.closed$.subscribe(({ error }) => {
        talk.note(`${name} has left${error instanceof Error ? `: ${errorLine(error)}` : ''}`);
        gone();
      });
      return mode.handle(talk.taped(conn, `${name} ${from}`), name).pipe(takeUntil(stopping$));
    },
    { onError: (error, conn) => tellOnce(error, conn, talk) },
  );
}

/** What the connection itself has failed with is told when it is closed. */
function tellOnce(error: unknown, conn: Connection, talk: Talk): void {
  if (error instanceof SendError && error.code === 'connection-closed') return;
  conn.closed$.subscribe((closed) => {
    if (closed.error !== error) talk.failed(error);
  });
}
