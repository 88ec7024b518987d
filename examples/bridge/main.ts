import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { type Connection, connect } from 'rx-tinyproto';
import { listen, webSocket } from 'rx-tinyproto/websocket';
import {
  fromEvent,
  ignoreElements,
  map,
  merge,
  mergeMap,
  type Observable,
  race,
  switchMap,
  take,
  takeUntil,
  throwError,
} from 'rxjs';
import { interrupt$, Misuse, play } from '../terminal.js';
import { bridge, pythonOptions } from './flow.js';
import { pageServer$ } from './serve-page.js';

const usage = `usage: bridge [server address] [port] [--python]

  Serves a page, and lets it talk with a tinyproto server: 127.0.0.1:9123 where you name none, as of: npm run example -- echo server
  The page is on port 8080 of 127.0.0.1, or on the port that you name.
  --python: the server is a Python program.`;

const options = { python: { type: 'boolean', default: false } } as const;

function run(server$: Observable<Connection>, port: number): Observable<string> {
  return pageServer$.pipe(
    switchMap((http) => {
      const transport = webSocket({ server: http });
      const bridged$ = listen('/bridge', { transport }).pipe(takeUntil(interrupt$), bridge(server$));
      const failed$ = fromEvent(http, 'error').pipe(mergeMap((error) => throwError(() => error)));
      const open$ = race(fromEvent(http.listen(port, '127.0.0.1'), 'listening'), failed$).pipe(
        take(1),
        map(() => `Open http://127.0.0.1:${(http.address() as AddressInfo).port} in a browser`),
      );
      interrupt$.subscribe(() => {
        http.close();
        http.closeAllConnections();
      });
      return merge(open$, bridged$.pipe(ignoreElements()));
    }),
  );
}

play(usage, (args) => {
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  const [server = '127.0.0.1:9123', port = '8080', ...rest] = positionals;
  if (rest.length > 0 || !/^\d+$/.test(port)) throw new Misuse();
  return run(connect(server, values.python ? pythonOptions : {}), Number(port));
});
