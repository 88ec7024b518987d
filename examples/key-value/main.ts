import { connect, listen } from 'rx-tinyproto';
import { map, takeUntil } from 'rxjs';
import { lockstep } from '../lockstep.js';
import { byRole, interrupt$, linesOf, play, telling } from '../terminal.js';
import { keyValueServer, respOptions } from './flow.js';
import type { Resp } from './resp-codec.js';

const usage = `usage: key-value server [address]
       key-value client [address]

  server   a small Redis, on 127.0.0.1:9600: PING ECHO GET SET DEL EXISTS INCR PTTL; redis-cli -p 9600 talks with it
  client   says the commands that are typed or piped in, and shows the answers; it talks with Redis, too`;

const defaultAddress = '127.0.0.1:9600';

const server = (address = defaultAddress) =>
  listen(address, { ...respOptions, openObserver: telling('Listening on') }).pipe(
    takeUntil(interrupt$),
    keyValueServer(),
  );

const client = (address = defaultAddress) => {
  const commands$ = linesOf(process.stdin).pipe(map((line): Resp => line.trim().split(/\s+/)));
  return connect(address, respOptions).pipe(lockstep(commands$), map(shown), takeUntil(interrupt$));
};

function shown(value: Resp): string {
  if (value === null) return '(nothing)';
  if (typeof value === 'object' && 'status' in value) return value.status;
  if (typeof value === 'object' && 'failure' in value) return value.failure;
  return typeof value === 'object' ? value.map(shown).join(' ') : `${value}`;
}

play(usage, byRole({ server, client }));
