/** The door for WebSockets, in a browser: no Node and no package is behind it. */
import { connectOver } from '../client/connect.js';
import { wholeChunks } from '../framing/whole-chunks.js';
import type { Transport } from '../transport/transport.js';
import { browserDial } from './browser-dial.js';
import type { BrowserSocketOptions } from './browser-options.js';
import { streamDial } from './stream-road.js';

export type { BrowserSocketOptions as WebSocketOptions } from './browser-options.js';

/**
 * The WebSockets of a browser: addresses are `ws://host:port/path` and `wss://…`, or a path of the page's own host.
 *
 * A chunk is a binary frame, and arrives as it was written. A page cannot listen, cannot reset (a close code of ours, 4006, stands for it), and cannot tell
 * why it does not come through: whatever it is, is `connection-refused`. With `streams`, where there is a `WebSocketStream`, it holds the peer; otherwise `maxUnreadBytes` is the bound.
 *
 * @example
 * ```ts
 * import { connect, webSocket } from 'rx-tinyproto/websocket';
 *
 * const transport = webSocket({ protocols: ['chat'] });
 * connect('wss://example.org/chat', { transport }).subscribe({ error: console.error });
 * ```
 */
export function webSocket(options: BrowserSocketOptions = {}): Transport {
  return dialling((address) => browserDial(address, options, options.streams ? streamDial() : undefined));
}

const dialling = (dial: Transport['dial']): Transport => ({
  listen() {
    throw new TypeError('A browser cannot listen');
  },
  dial,
});

/**
 * Connects to a WebSocket server; each frame is a message (`wholeChunks()`), unless `framing` says otherwise.
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
export const connect = /* @__PURE__ */ connectOver({
  // Not `webSocket()`: what its options need is not in the bundle of a page that names none.
  transport: /* @__PURE__ */ dialling((address) => browserDial(address)),
  framing: /* @__PURE__ */ wholeChunks(),
});
