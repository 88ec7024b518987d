import type { AddressInfo } from 'node:net';
import { connect } from 'rx-tinyproto';
import { listen, webSocket } from 'rx-tinyproto/websocket';
import { fromEvent, ignoreElements, map, merge, type Observable, switchMap, take, takeUntil } from 'rxjs';
import { interrupt$, Misuse, play } from '../terminal.js';
import { bridge } from './flow.js';
import { pageServer$ } from './serve-page.js';

const usage = `usage: bridge [server address] [port]

  Serves a page, and lets it talk with a tinyproto server: 127.0.0.1:9123 where you name none, as of: npm run example -- echo server
  The page is on port 8080 of 127.0.0.1, or on the port that you name.`;

function run(server: string, port: number): Observable<string> {
  return pageServer$.pipe(
    switchMap((http) => {
      const transport = webSocket({ server: http });
      const bridged$ = listen('/bridge', { transport }).pipe(takeUntil(interrupt$), bridge(connect(server)));
      const open$ = fromEvent(http.listen(port, '127.0.0.1'), 'listening').pipe(
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

play(usage, ([server = '127.0.0.1:9123', port = '8080', ...rest]) => {
  if (rest.length > 0 || !/^\d+$/.test(port)) throw new Misuse();
  return run(server, Number(port));
});
