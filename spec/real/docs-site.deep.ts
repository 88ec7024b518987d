import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildSite } from '../../scripts/docs-site.js';
import { serveFolder } from '../../scripts/serve-folder.js';
import { hasChromium, startChromium } from '../helpers/chromium.js';
import { describePeer } from '../helpers/peers.js';

const site = mkdtempSync(join(tmpdir(), 'rx-tinyproto-site-'));
beforeAll(() => buildSite(site), 120_000);
afterAll(() => rmSync(site, { recursive: true, force: true }));

/** What has links in it, or names that links may point at. */
const markedUp = (): string[] =>
  readdirSync(site, { recursive: true, encoding: 'utf8' }).filter((file) => /\.(html|svg)$/.test(file));

interface Parsed {
  readonly links: readonly string[];
  readonly ids: ReadonlySet<string>;
}

/** Where the elements of a page point, and what in it can be pointed at. */
function parsed(file: string): Parsed {
  const html = readFileSync(join(site, file), 'utf8');
  const all = (attribute: string) =>
    [...html.matchAll(new RegExp(`<[a-z][^>]*?\\s${attribute}="([^"]*)"`, 'g'))].map(([, value = '']) =>
      decodeURIComponent(value.replaceAll('&amp;', '&')),
    );
  return { links: [...all('href'), ...all('src')], ids: new Set(all('id')) };
}

describe('the site of the docs', () => {
  it('has no link, picture or script that leads nowhere', () => {
    const pages = new Map(markedUp().map((file) => [file, parsed(file)]));
    const broken: string[] = [];
    let followed = 0;
    for (const [file, { links }] of pages) {
      for (const link of links) {
        if (/^[a-z]+:/.test(link)) continue;
        followed += 1;
        const [path = '', anchor = ''] = link.split('#');
        const named = path === '' ? file : normalize(join(dirname(file), path));
        const target = named.endsWith('/') ? join(named, 'index.html') : named;
        const there = statSync(join(site, target), { throwIfNoEntry: false })?.isFile() ?? false;
        const headed = anchor === '' || (pages.get(target)?.ids.has(anchor) ?? false);
        if (!there || !headed) broken.push(`${file}: ${link}`);
      }
    }
    expect(broken).toEqual([]);
    expect(pages.size).toBeGreaterThan(100);
    expect(followed).toBeGreaterThan(5_000);
  });
});

describe('a folder that is served', () => {
  const statusOf = (port: number, path: string) =>
    new Promise<number | undefined>((answer, fail) =>
      get({ host: '127.0.0.1', port, path }, (response) => {
        response.resume();
        answer(response.statusCode);
      }).on('error', fail),
    );

  it('gives its files, an index for a folder, and nothing outside, whatever is asked for', async () => {
    const server = serveFolder(site);
    await new Promise<void>((up) => server.listen(0, '127.0.0.1', up));
    const { port } = server.address() as AddressInfo;
    const front = ['/', '//', '*']; // three ways to say no path
    const odd = ['/%', '/a%00b', '/docs', '/..%2f..%2fetc%2fpasswd', '/../../etc/passwd'];
    const paths = [...front, '/docs/guide.html', ...odd];
    const statuses: (number | undefined)[] = [];
    for (const path of paths) statuses.push(await statusOf(port, path));
    server.close();
    server.closeAllConnections();
    expect(Object.fromEntries(paths.map((path, at) => [path, statuses[at]]))).toEqual({
      ...Object.fromEntries(front.map((path) => [path, 200])),
      '/docs/guide.html': 200,
      ...Object.fromEntries(odd.map((path) => [path, 404])),
    });
  });
});

const screens: Readonly<Record<string, BrowserContextOptions>> = {
  light: { viewport: { width: 1280, height: 800 }, colorScheme: 'light' },
  dark: { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: 'light', isMobile: true, hasTouch: true },
};
const shown = {
  front: 'index.html',
  guide: 'docs/guide.html',
  reference: 'functions/rx-tinyproto.lengthPrefixed.html',
};
const pictures = process.env.RX_TINYPROTO_SCREENSHOTS;

describePeer('Chromium', hasChromium, () => {
  let browser: Browser;
  let server: Server;
  let base: string;
  beforeAll(async () => {
    server = serveFolder(site);
    await new Promise<void>((up) => server.listen(0, '127.0.0.1', up));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    browser = await startChromium();
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    server.close();
    server.closeAllConnections();
  });

  /** A page, and all that its console and its requests complain of. */
  async function opened(screen: BrowserContextOptions, path: string) {
    const context = await browser.newContext(screen);
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (line) => line.type() === 'error' && complaints.push(line.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('requestfailed', (request) => complaints.push(request.url()));
    page.on('response', (response) => response.ok() || complaints.push(response.url()));
    await page.goto(base + path, { waitUntil: 'networkidle' });
    return { page, complaints, close: () => context.close() };
  }

  /** By how many pixels the page is wider than its screen; its pictures that show nothing. */
  const measured = (page: Page) =>
    page.evaluate<{ overflow: number; blank: string[]; background: string }>(`({
      overflow: Math.max(document.documentElement.scrollWidth, document.body.scrollWidth) - innerWidth,
      blank: [...document.images].filter((image) => image.naturalWidth === 0).map((image) => image.src),
      background: getComputedStyle(document.body).backgroundColor,
    })`);

  for (const [screen, options] of Object.entries(screens))
    for (const [name, path] of Object.entries(shown))
      it(`shows its ${name} page well (${screen})`, async () => {
        const { page, complaints, close } = await opened(options, path);
        const { overflow, blank, background } = await measured(page);
        if (pictures) await page.screenshot({ path: join(pictures, `${name}-${screen}.png`) });
        await close();
        expect({ complaints, blank, overflow: Math.max(0, overflow) }).toEqual({
          complaints: [],
          blank: [],
          overflow: 0,
        });
        const [red = 0] = background.match(/\d+/g)?.map(Number) ?? [];
        expect(red > 128 ? 'light' : 'dark').toBe(options.colorScheme);
      });

  it('shows a picture on its front page, and finds what one searches', async () => {
    const { page, complaints, close } = await opened(screens.light ?? {}, 'index.html');
    expect(await page.locator('img[src$="echo.svg"]').count()).toBe(1);
    await page.keyboard.press('/');
    await page.keyboard.type('lengthPrefixed');
    const first = page.locator('#tsd-search-results a').first();
    await first.waitFor();
    if (pictures) await page.screenshot({ path: join(pictures, 'search.png') });
    expect(await page.locator('#tsd-search-results').innerText()).toContain('lengthPrefixed');
    await first.click();
    await page.waitForURL(/lengthPrefixed|length-prefixed/);
    await close();
    expect(complaints).toEqual([]);
  });
});
