/** Options of {@link webSocket} in a browser. */
export interface BrowserSocketOptions {
  /** Subprotocols to offer. */
  readonly protocols?: readonly string[];
  /**
   * Whether `WebSocketStream` is used where there is one: it holds the peer while nobody reads. `WebSocket` cannot, so what comes meanwhile is kept here, up
   * to `maxUnreadBytes`. For pages that receive more than they send: Chromium (156) crashes a page whose connection is lost while a write of it waits. And for peers that
   * close when they were heard: at their close frame, Chromium drops what is held. @default false
   */
  readonly streams?: boolean;
  /** Bytes that may be here unread, where the peer cannot be held. More ends the connection with `overrun`. @default 16 MiB */
  readonly maxUnreadBytes?: number;
  /** What becomes of text frames: refused, which ends the connection with `bad-frame`, or passed on as their UTF-8. @default 'refuse' */
  readonly textFrames?: 'refuse' | 'pass';
  /** How long `destroy()` waits for the peer to take what was written, in milliseconds. @default 1,000 */
  readonly lingerMs?: number;
}
