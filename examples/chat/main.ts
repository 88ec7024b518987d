import { parseArgs } from 'node:util';
import { type BoundAddress, connect, listen } from 'rx-tinyproto';
import { formatAddress } from 'rx-tinyproto/transport';
import { merge, type Observable, takeUntil } from 'rxjs';
import { interrupt$, linesOf, Misuse, play, tell } from '../terminal.js';
import { chatClient, chatOptions, chatServer, pythonOptions } from './flow.js';

const usage = `usage: chat server [address] [--python address]
       chat client [name] [address] [--python]

  chat server    a chat on 127.0.0.1:8088; with --python also one that the Python original's clients can join
  chat client    says what you type; /help tells what else there is to say
  --python       the other side is the Python original

An address is 'host:port'.`;

const defaultAddress = '127.0.0.1:8088';
const options = { python: { type: 'string' } } as const;
const flags = { python: { type: 'boolean', default: false } } as const;

/** Two doors, one chat. */
function server(args: string[]): Observable<string> {
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  const [address = defaultAddress, ...rest] = positionals;
  if (rest.length > 0) throw new Misuse();
  const doors = [
    listen(address, { ...chatOptions, openObserver: tellOf('Listening on') }),
    ...(values.python
      ? [listen(values.python, { ...pythonOptions, openObserver: tellOf('Listening for Python on') })]
      : []),
  ];
  return merge(...doors).pipe(takeUntil(interrupt$), chatServer());
}

function client(args: string[]): Observable<string> {
  const { values, positionals } = parseArgs({ args, options: flags, allowPositionals: true });
  const name = positionals[0]?.includes(':') ? undefined : positionals.shift();
  const [address = defaultAddress, ...rest] = positionals;
  if (rest.length > 0) throw new Misuse();
  return connect(address, values.python ? pythonOptions : chatOptions).pipe(
    chatClient(linesOf(process.stdin), name),
    takeUntil(interrupt$),
  );
}

const tellOf = (what: string) => ({
  next: ([bound]: readonly BoundAddress[]) => bound && tell(`${what} ${formatAddress(bound)}`),
});

play(usage, ([role, ...rest]) => {
  if (role === 'server') return server(rest);
  if (role === 'client') return client(rest);
  throw new Misuse();
});
