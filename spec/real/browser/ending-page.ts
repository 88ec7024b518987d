import { catchError, concatMap, lastValueFrom, map, of, reduce } from 'rxjs';
import { type WebSocketOptions, webSocket } from '../../../src/websocket/browser.js';

/** What a page's wire brings until its end, and its error behind it, in words. */
const readToEnd = (url: string, options: WebSocketOptions): Promise<string> =>
  lastValueFrom(
    webSocket(options)
      .dial(url)
      .pipe(
        concatMap(({ bytes$ }) => bytes$),
        map((bytes) => new TextDecoder().decode(bytes)),
        catchError((error) => of(` ${error.code}`)),
        reduce((all, next) => all + next, ''),
      ),
  );

Object.assign(globalThis, { readToEnd });
