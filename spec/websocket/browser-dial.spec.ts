import { lastValueFrom, Subject } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Wire } from '../../src/transport/transport.js';
import { browserDial } from '../../src/websocket/browser-dial.js';

/** As much of a browser's `WebSocket` as a dial needs. */
class Socket {
  static readonly made = new Subject<Socket>();
  onopen?: () => void;
  onerror?: () => void;
  onclose?: () => void;

  constructor(readonly url: string) {
    queueMicrotask(() => Socket.made.next(this));
  }

  close(): void {}
}

/** In a page, or a worker, of this address. */
const at = (href: string) => vi.stubGlobal('location', { href });

/** What is dialled there, or why not. */
async function dialled(address: string, then: (socket: Socket) => void = ({ onopen }) => onopen?.()) {
  const urls: string[] = [];
  const made = Socket.made.subscribe((socket) => {
    urls.push(socket.url);
    then(socket);
  });
  const wire: Wire = await lastValueFrom(browserDial(address));
  made.unsubscribe();
  return { url: urls[0], remote: wire.remote };
}

beforeEach(() => vi.stubGlobal('WebSocket', Socket));
afterEach(() => vi.unstubAllGlobals());

describe('an address in a browser', () => {
  it('is a URL', async () => {
    expect(await dialled('wss://[::1]/chat?room=1')).toEqual({
      url: 'wss://[::1]/chat?room=1',
      remote: { host: '::1', port: 443 },
    });
  });

  it.each([
    ['http://example.org:81/a/page?x#y', 'ws://example.org:81/chat'],
    ['https://example.org/a/page', 'wss://example.org/chat'],
    ['blob:https://example.org/0a1b', 'wss://example.org/chat'],
  ])('is a path of the host that its page or script came from: %s', async (href, url) => {
    at(href);
    expect((await dialled('/chat')).url).toBe(url);
  });

  it('that cannot be meant throws at the call', () => {
    at('https://example.org/');
    for (const wrong of [
      'http://example.org',
      '/chat#part',
      'ws://user@example.org',
      'ws://:secret@example.org',
    ])
      expect(() => browserDial(wrong)).toThrow(TypeError);
    expect(() => browserDial(8080)).toThrow(TypeError);
    at('about:blank');
    expect(() => browserDial('/chat')).toThrow(TypeError);
  });
});

describe('a dial that does not come through', () => {
  it('is refused, by a close or by an error alone, which is what the policy of a page brings', async () => {
    for (const how of ['onclose', 'onerror'] as const)
      await expect(dialled('ws://example.org', (socket) => socket[how]?.())).rejects.toMatchObject({
        code: 'connection-refused',
      });
  });
});
