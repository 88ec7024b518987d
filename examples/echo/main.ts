import { type Address, type BoundAddress, connect, listen } from 'rx-tinyproto';
import { formatAddress } from 'rx-tinyproto/transport';
import {
  finalize,
  ignoreElements,
  merge,
  type Observable,
  ReplaySubject,
  Subject,
  switchMap,
  take,
  takeUntil,
  throwError,
} from 'rxjs';
import { interrupt$, linesOf, Misuse, play, tell } from '../terminal.js';
import { echoClient, echoOptions, echoServer } from './flow.js';

const usage = `usage: echo [server | client] [address]

  echo server    answers, until somebody says SRVQUIT
  echo client    says what is typed or piped in, line by line
  echo           both in one terminal

The address is 'host:port' or the path of a Unix socket, and 127.0.0.1:9123 where you name none.`;

function server(address: Address): Observable<string> {
  const openObserver = {
    next: ([bound]: readonly BoundAddress[]) => bound && tell(`Listening on ${formatAddress(bound)}`),
  };
  return listen(address, { ...echoOptions, openObserver }).pipe(takeUntil(interrupt$), echoServer());
}

function client(address: Address): Observable<string> {
  if (process.stdin.isTTY)
    tell('Type a line and press Enter. QUIT ends this conversation, SRVQUIT ends the server.');
  return connect(address, echoOptions).pipe(echoClient(linesOf(process.stdin)), takeUntil(interrupt$));
}

/** Both in one terminal. The server binds, then the client connects; the client ends, then the server stops. */
function together(address: Address): Observable<string> {
  const bound$ = new ReplaySubject<readonly BoundAddress[]>(1);
  const clientEnded$ = new Subject<void>();
  const client$ = bound$.pipe(
    take(1),
    switchMap(([bound = address]) => client(bound)),
    takeUntil(interrupt$),
    finalize(() => clientEnded$.next()),
  );
  const server$ = listen(address, { ...echoOptions, openObserver: bound$ }).pipe(
    takeUntil(clientEnded$),
    echoServer(),
  );
  return merge(server$.pipe(ignoreElements()), client$);
}

const roles = { server, client, together };

function chosen(words: readonly string[]): Observable<string> {
  const [role, address = '127.0.0.1:9123', ...rest] = isRole(words[0]) ? words : ['together', ...words];
  if (!isRole(role) || rest.length > 0 || address.startsWith('-')) return throwError(() => new Misuse());
  return roles[role](address.includes('/') ? { path: address } : address);
}

const isRole = (word: string | undefined): word is keyof typeof roles =>
  word !== undefined && Object.hasOwn(roles, word);

play(usage, chosen);
