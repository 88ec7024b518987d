import { existsSync } from 'node:fs';
import { type BoundAddress, listen, text } from 'rx-tinyproto';
import { broadcast, nats } from 'rx-tinyproto/nats';
import { formatAddress } from 'rx-tinyproto/transport';
import { finalize, fromEvent, map, merge, type Observable, ReplaySubject, takeUntil } from 'rxjs';
import { other, ourselves } from '../children.js';
import { interrupt$, Misuse, play, tell } from '../terminal.js';
import { hall, hallOptions } from './flow.js';

const usage = `usage: nats-chat [first port]
       nats-chat server port nats-server

  nats-chat           a NATS server, and three servers of one chat on 127.0.0.1:7001 to 7003, or from the port that you name.
                      Then, in other terminals: nc 127.0.0.1 7001, nc 127.0.0.1 7002, … and /who
  nats-chat server    one server, for the NATS server at 'host:port'

NATS_SERVER names the nats-server to start, if it is not on the PATH or in /usr/sbin.`;

function server(port: number, servers: string): Observable<string> {
  const openObserver = {
    next: ([bound]: readonly BoundAddress[]) => bound && tell(`Listening on ${formatAddress(bound)}`),
  };
  // Those who are here go on talking when the NATS server is lost.
  const room = broadcast<string>({
    bus: nats({ servers }),
    name: 'hall',
    codec: text(),
    whileAway: 'local-only',
  });
  const stop$ = merge(interrupt$, fromEvent(process, 'disconnect'));
  return listen(port, { ...hallOptions, openObserver }).pipe(takeUntil(stop$), hall(room));
}

/** All of it in one terminal. The NATS server goes last. */
function together(firstPort: number): Observable<string> {
  const natsPort = firstPort + 1_000;
  const gone$ = new ReplaySubject<void>(1);
  const servers = [0, 1, 2].map((index) =>
    ourselves(['nats-chat', 'server', `${firstPort + index}`, `127.0.0.1:${natsPort}`], interrupt$).pipe(
      map((line) => `${index + 1}  ${line}`),
    ),
  );
  return merge(
    other(natsServer(), ['-a', '127.0.0.1', '-p', `${natsPort}`], gone$),
    merge(...servers).pipe(finalize(() => gone$.next())),
  );
}

function natsServer(): string {
  const debians = '/usr/sbin/nats-server';
  return process.env.NATS_SERVER ?? (existsSync(debians) ? debians : 'nats-server');
}

play(usage, ([role, ...rest]) => {
  if (role === 'server' && rest.length === 2) return server(Number(rest[0]), rest[1] ?? '');
  const firstPort = Number(role ?? 7_001);
  if (rest.length > 0 || !Number.isInteger(firstPort)) throw new Misuse();
  return together(firstPort);
});
