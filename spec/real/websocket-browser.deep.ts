import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WebSocketOptions } from '../../src/websocket/browser.js';
import { bundleForPage, hasChromium, startChromium } from '../helpers/chromium.js';
import { describePeer } from '../helpers/peers.js';
import { farSide } from './browser/far-side.js';
import type { Role } from './browser/far-wires.js';
import { cuttingServer } from './browser/raw-server.js';

declare global {
  /** What the page's script puts there. */
  function runContract(
    options: WebSocketOptions,
    role: Role,
    skip: Record<string, string>,
  ): Promise<Record<string, string>>;
  function readToEnd(url: string, options: WebSocketOptions): Promise<string>;
}

const oneListener = 'the far side listens once, for all tests, and no page can listen';
const closingIsDeaf = 'a page hears nothing more once it has begun to close';
const noHold = 'a page’s WebSocket cannot hold its peer';
const noReset = 'a page cannot take back what the platform has, nor reset';
const crash = 'Chromium crashes a page whose connection is lost while a write waits';
const isProxy = 'the other end is far from the page, and what it said is on its way';

/** What no page can do, and why; and what these specs cannot see from a page. */
const everywhere = {
  'endings end from both ends at once ends cleanly': closingIsDeaf,
  'addresses are the same seen from both ends': 'a page does not know its own address',
  'addresses that nobody listens on refuse': oneListener,
  'addresses in use are refused to a second listener, and the first lives': oneListener,
  'addresses are each their own: two listeners, two subscriptions': oneListener,
  'addresses given up while wires are open leave the wires alone': oneListener,
  'addresses that cannot be meant throw at the call': 'a page’s addresses are URLs',
  'flow stops for a pause inside next': isProxy,
};
const neverReads =
  'endings destroy of a wire whose peer never reads is over in a short, bounded time, and its writes settle';
const failsPending = 'endings destroy with reset fails our pending writes, and closes at once';
const endsPeer = 'endings destroy with reset ends the peer with reset: bytes, pending writes, closing';

const skips = {
  'WebSocket as caller': {
    ...everywhere,
    'flow that is held does not hide that the peer is dead': noReset,
    [neverReads]: noReset,
    [failsPending]: noReset,
    [endsPeer]: noHold,
  },
  'WebSocket as callee': {
    ...everywhere,
    'flow of a wire that is paused holds back its peer, and all arrives after it is resumed': noHold,
    'flow of a wire that nobody reads holds back its peer': noHold,
    'flow that is held brings FIN behind the bytes': noHold,
    [neverReads]: noHold,
    [failsPending]: noHold,
    [endsPeer]: noHold,
  },
  'WebSocketStream as callee': {
    ...everywhere,
    'flow is a matter of each direction: both can be held, and both go on': crash,
    'flow that is held does not hide that the peer is dead':
      'a WebSocketStream that is not read hears nothing',
    [neverReads]: 'a page has taken as much as the test writes before it is read',
    [failsPending]: isProxy,
    'flow that is held brings FIN behind the bytes':
      'a page is told of the end before what lies ahead of it is read',
    [endsPeer]: crash,
    'whatever both ends do every write settles once, what arrives is a prefix, and both close': crash,
  },
} as const;

describePeer('Chromium', hasChromium, () => {
  let browser: Browser;
  let script: string;
  beforeAll(async () => {
    [browser, script] = await Promise.all([
      startChromium(),
      bundleForPage('spec/real/browser/contract-page.ts', { vitest: 'spec/real/browser/vitest-in-page.ts' }),
    ]);
  });
  afterAll(() => browser?.close());

  /** What became of each test of the contract, in a page. */
  async function contract(
    options: WebSocketOptions,
    role: Role,
    skip: Record<string, string>,
  ): Promise<Record<string, string>> {
    const far = await farSide('<!doctype html><title>contract</title>');
    const page = await browser.newPage();
    try {
      await page.goto(far.url);
      await page.addScriptTag({ content: script });
      return await page.evaluate(([options, role, skip]) => globalThis.runContract(options, role, skip), [
        options,
        role,
        skip,
      ] as const);
    } finally {
      await page.close();
      await far.close();
    }
  }

  describe('the contract of transports', () => {
    it.each([
      ['WebSocket as caller', 'caller', {}],
      ['WebSocket as callee', 'callee', {}],
      ['WebSocketStream as callee', 'callee', { streams: true }],
    ] as const)('is kept by %s, but for what a page cannot do', async (name, role, options) => {
      const skip = skips[name];
      const results = Object.entries(await contract(options, role, skip));
      expect(results.filter(([, result]) => !/^(passed|skipped)$/.test(result))).toEqual([]);
      expect(results.flatMap(([fact, result]) => (result === 'skipped' ? fact : [])).sort()).toEqual(
        Object.keys(skip).sort(),
      );
      expect(results.length).toBeGreaterThan(45);
    });
  });

  describe('a page whose policy forbids to connect', () => {
    it.each([
      ['WebSocket', {}],
      ['WebSocketStream', { streams: true }],
    ])('is refused: %s', async (_, options) => {
      const page = await browser.newPage();
      try {
        const headers = { 'content-security-policy': "connect-src 'none'; script-src 'unsafe-inline'" };
        await page.route('http://page.test/', (route) =>
          route.fulfill({ contentType: 'text/html', headers, body: '<!doctype html><title>page</title>' }),
        );
        await page.goto('http://page.test/');
        await page.addScriptTag({ content: await bundleForPage('spec/real/browser/ending-page.ts') });
        const read = page.evaluate((options) => globalThis.readToEnd('/wires', options), options);
        expect(await read).toBe(' connection-refused');
      } finally {
        await page.close();
      }
    });
  });

  describe('a page whose TCP connection is reset', () => {
    it.each([
      ['WebSocket', {}],
      ['WebSocketStream', { streams: true }],
    ])('completes behind the close frame of its peer: %s', async (_, options) => {
      const bye = Buffer.from([0x82, 3, 0x62, 0x79, 0x65]);
      const closing = Buffer.from([0x88, 2, 0x03, 0xe8]);
      const server = await cuttingServer(Buffer.concat([bye, closing]));
      const page = await browser.newPage();
      try {
        await page.addScriptTag({ content: await bundleForPage('spec/real/browser/ending-page.ts') });
        const read = page.evaluate(([url, options]) => globalThis.readToEnd(url, options), [
          server.url,
          options,
        ] as const);
        expect(await read).toBe('bye');
      } finally {
        await page.close();
        server.close();
      }
    });
  });
});
