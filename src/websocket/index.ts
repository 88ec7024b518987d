/** The door for WebSockets, in Node: needs the package `ws`. Browsers get `browser.ts` in its place. */
export { webSocket } from './ws.js';
export type { WebSocketOptions } from './ws-options.js';

import { connectOver } from '../client/connect.js';
import { wholeChunks } from '../framing/whole-chunks.js';
import { listenOver } from '../server/listen.js';
import { webSocket } from './ws.js';

const defaults = { transport: /* @__PURE__ */ webSocket(), framing: /* @__PURE__ */ wholeChunks() };

/**
 * Listens for WebSockets, as `listen` of the front door does for TCP; each frame is a message (`wholeChunks()`), unless `framing` says otherwise.
 *
 * @example
 * ```ts
 * import { consume, serve, text } from 'rx-tinyproto';
 * import { listen } from 'rx-tinyproto/websocket';
 *
 * listen('ws://127.0.0.1:8081', { codec: text() })
 *   .pipe(serve((conn) => conn.messages$.pipe(consume((line) => conn.send(line.toUpperCase())))))
 *   .subscribe();
 * ```
 */
export const listen = /* @__PURE__ */ listenOver(defaults);

/**
 * Connects to a WebSocket server, as `connect` of the front door does over TCP; each frame is a message (`wholeChunks()`), unless `framing` says otherwise.
 *
 * In a browser it runs on the platform's own WebSocket, and this is all there is in this door beside `webSocket`.
 *
 * @example
 * ```ts
 * import { converse, text } from 'rx-tinyproto';
 * import { connect } from 'rx-tinyproto/websocket';
 *
 * connect('wss://example.org/feed', { codec: text() })
 *   .pipe(converse((conn) => conn.messages$))
 *   .subscribe({ next: console.log, error: console.error });
 * ```
 */
export const connect = /* @__PURE__ */ connectOver(defaults);
