import { get } from 'node:http';
import { type AddressInfo, createServer, connect as dial, type Socket } from 'node:net';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { type BoundAddress, connect, converse, listen, tcp, text } from 'rx-tinyproto';
import { type DashboardOptions, dashboard } from 'rx-tinyproto/dashboard';
import {
  concat,
  EMPTY,
  firstValueFrom,
  ignoreElements,
  lastValueFrom,
  mergeMap,
  NEVER,
  ReplaySubject,
  range,
  Subscription,
} from 'rxjs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { crowd, crowdOptions, slowEcho } from '../../examples/dashboard/flow.js';
import { run } from '../../src/cli/run.js';
import { hasChromium, startChromium } from '../helpers/chromium.js';
import { describePeer } from '../helpers/peers.js';

const running: Subscription[] = [];
afterEach(() => {
  for (const each of running.splice(0).reverse()) each.unsubscribe();
});

/** An echo server that is shown; gives its address, and the page's. */
async function shownServer(options: DashboardOptions = {}) {
  const shown = dashboard(options);
  const bound$ = new ReplaySubject<readonly BoundAddress[]>(1);
  const url$ = new ReplaySubject<string>(1);
  const { eventObserver } = shown;
  running.push(
    listen(0, { ...crowdOptions, openObserver: bound$, eventObserver })
      .pipe(shown.watch(), slowEcho(5))
      .subscribe(),
    shown.page$.subscribe(url$),
  );
  const [address = 0] = await firstValueFrom(bound$);
  return { address, url: new URL(await firstValueFrom(url$)) };
}

/** A way to a port that can be cut, and mended. */
async function brokenRoad(to: number) {
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    if (isCut) return near.destroy();
    const far = dial(to, '127.0.0.1');
    for (const [one, other] of [[near, far] as const, [far, near] as const]) {
      sockets.add(one.on('error', () => {}).on('close', () => other.destroy()));
      one.pipe(other);
    }
    return undefined;
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  running.push(new Subscription(() => server.close()));
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      isCut = true;
      for (const each of sockets) each.destroy();
    },
    mend() {
      isCut = false;
    },
  };
}

describe('the page of a dashboard', () => {
  it('opens with its token, from this machine, for no other page', async () => {
    const { url } = await shownServer();
    const status = async (headers: Record<string, string>, path = `/${url.search}`) => {
      const feed = new WebSocket(new URL(path.replace('/', '/feed'), url).href.replace('http', 'ws'), {
        headers,
      });
      const answer = await new Promise((got) => {
        feed.on('unexpected-response', (_, response) => got(response.statusCode));
        feed.on('open', () => got('open'));
        feed.on('error', () => {});
      });
      feed.terminate();
      return [(await fetch(new URL(path, url), { headers: {} })).status, answer];
    };
    expect(await status({})).toEqual([200, 'open']);
    expect(await status({}, '/?token=0')).toEqual([403, 403]);
    expect(await status({}, `/?token=${'0'.repeat(32)}`)).toEqual([403, 403]);
    expect(await status({ origin: 'http://evil.example' })).toEqual([200, 403]);
    expect(await status({ host: 'evil.example' })).toEqual([200, 403]);
    expect(url.hostname).toBe('127.0.0.1');
  });

  it('is not ended by requests for what is no URL, nor by tokens of other letters', async () => {
    const { url } = await shownServer();
    const status = (path: string) =>
      new Promise((got) => {
        get({ host: url.hostname, port: url.port, path }, (response) => {
          response.resume();
          got(response.statusCode);
        });
      });
    expect(await status('//')).toBe(404);
    expect(await status('http://[')).toBe(404);
    expect(await status(`/?token=${'%C3%BF'.repeat(32)}`)).toBe(403);
    expect(await status('/?token=%')).toBe(403);
    expect(await status(`/other${url.search}`)).toBe(404);
    expect(await status(`/${url.search}`)).toBe(200);
  });
});

describe('listen --dashboard', () => {
  it('tells the address of the page, which nobody could guess, with --quiet, too', async () => {
    const told$ = new ReplaySubject<string>(1);
    const output = { isTerminal: false, hasColors: false, columns: 80, write: () => EMPTY };
    const err = {
      ...output,
      write(text: string | Uint8Array) {
        told$.next(`${text}`);
        return EMPTY;
      },
    };
    const input = { bytes$: NEVER, isTerminal: false };
    const stage = { transport: tcp(), input, out: output, err, interrupt$: NEVER };
    running.push(run(['listen', '0', '--echo', '--quiet', '--dashboard', '0'], stage).subscribe());
    const [, url = ''] = /^Shown at (\S+)\n$/.exec(await firstValueFrom(told$)) ?? [];
    expect((await fetch(url)).status).toBe(200);
  });
});

describePeer('Chromium', hasChromium, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startChromium();
  });
  afterAll(() => browser?.close());

  async function opened(url: URL, options: BrowserContextOptions = {}) {
    const page = await browser.newPage(options);
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on('dialog', (dialog) => {
      errors.push(dialog.message());
      void dialog.dismiss();
    });
    await page.goto(url.href);
    return { page, errors };
  }

  const saved = async (page: Page, button: string) => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByLabel(button).click()]);
    const chunks: Buffer[] = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  };

  it('shows what comes and goes, by the keyboard too, and what a peer sends is text', async () => {
    const { address, url } = await shownServer();
    const { page, errors } = await opened(url);
    await page.getByText('Nobody is here yet.').waitFor();
    const nasty = '<img src=x onerror=alert(1)>';
    running.push(
      connect(address, { codec: text() })
        .pipe(converse((conn) => concat(conn.send(nasty).pipe(ignoreElements()), NEVER)))
        .subscribe(),
    );
    await page.locator('#rows li').waitFor();
    await page.waitForTimeout(600);
    await page.locator('#rows').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => page.locator('#detail pre').textContent()).toContain(nasty);
    await expect.poll(() => page.locator('#detail span').textContent()).toMatch(/was sent at .* 28 bytes/);
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => page.locator('#detail span').textContent()).toMatch(/came at .* 28 bytes/);
    expect(await page.locator('#pause').textContent()).toBe('Go live');
    expect(await page.locator('#detail img').count()).toBe(0);
    for (const each of running.splice(2)) each.unsubscribe();
    await page.keyboard.press('Escape');
    await page.locator('li.over').waitFor();
    expect(await page.locator('#pause').textContent()).toBe('Pause');
    expect(errors).toEqual([]);
    await page.close();
  });

  it.each(['mouse', 'finger'])('tells the bytes of a marble that a %s chooses', async (by) => {
    const { address, url } = await shownServer();
    const { page, errors } = await opened(url, { hasTouch: true, colorScheme: 'light' });
    running.push(
      connect(address, { codec: text() })
        .pipe(converse((conn) => concat(conn.send('\u0001 & bytes').pipe(ignoreElements()), NEVER)))
        .subscribe(),
    );
    await page.getByLabel('Time shown').selectOption('30000');
    await page.locator('#rows li').waitFor();
    // The blue of what came, and the green of what went, wherever on the canvas they are.
    const placeOf = (colour: string) => `(() => {
      const canvas = document.querySelector('canvas');
      const { data, width } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      for (let at = 0; at < data.length; at += 4)
        if ([${colour}].every((part, index) => Math.abs(data[at + index] - part) < 40)) return { x: (at / 4) % width, y: Math.floor(at / 4 / width) };
    })()`;
    for (const [colour, what] of [
      ['9,105,218', 'came'],
      ['26,127,55', 'was sent'],
    ] as const) {
      await page.locator('#rows').focus();
      await page.keyboard.press('Escape');
      await expect.poll(() => page.evaluate(placeOf(colour))).toBeTruthy();
      await page.keyboard.press(' ');
      await expect.poll(() => page.evaluate(placeOf(colour))).toBeTruthy();
      const position = await page.evaluate<{ x: number; y: number }>(placeOf(colour));
      const canvas = page.locator('canvas');
      await (by === 'mouse' ? canvas.click({ position }) : canvas.tap({ position }));
      await page.getByText(new RegExp(`${what} at .* s, 9 bytes`)).waitFor();
      expect(await page.locator('#detail pre').textContent()).toBe('01 20 26 20 62 79 74 65 73\n· & bytes');
    }
    expect(errors).toEqual([]);
    await page.close();
  });

  it('stands still, goes back, and saves what is seen', async () => {
    const { address, url } = await shownServer();
    running.push(
      crowd(connect(address, crowdOptions), { people: 3, everyMs: 50, stayMs: 60_000 }).subscribe(),
    );
    const { page, errors } = await opened(url);
    await page.locator('#rows li').nth(2).waitFor();
    await page.waitForTimeout(1_500);
    await page.locator('#rows').focus();
    await page.keyboard.press(' ');
    const picture = () => page.locator('canvas').screenshot();
    const still = await picture();
    await page.waitForTimeout(300);
    expect(Buffer.compare(await picture(), still)).toBe(0);
    await page.getByLabel('Time: left is earlier').fill('500');
    await expect.poll(async () => Buffer.compare(await picture(), still)).not.toBe(0);
    await page.getByText('Go live').click();
    expect(await page.getByLabel('Time: left is earlier').inputValue()).toBe('1000');
    const svg = await saved(page, 'Save as SVG');
    expect(svg).toMatch(/^<svg .*127\.0\.0\.1:\d+<.*<\/svg>\n$/s);
    const parsed = `new DOMParser().parseFromString(${JSON.stringify(svg)}, 'image/svg+xml').querySelectorAll('circle').length`;
    expect(await page.evaluate<number>(parsed)).toBeGreaterThan(10);
    expect(await saved(page, 'Save as marble spec')).toMatch(/^import .*expectBytes\(peer3, /s);
    await page.getByText(/^Saved \d+ of \d+ connections\.$/).waitFor();
    expect(errors).toEqual([]);
    await page.close();
  });

  it('stays smooth with 100 connections and 1,000 messages a second, and says that it samples', async () => {
    const { address, url } = await shownServer({ marksPerSecond: 500 });
    running.push(
      crowd(connect(address, crowdOptions), { people: 100, everyMs: 100, stayMs: 60_000 }).subscribe(),
    );
    const { page, errors } = await opened(url, { viewport: { width: 1_100, height: 700 } });
    await page.locator('#rows li[aria-setsize="100"]').first().waitFor();
    await page.waitForTimeout(3_000);
    const frames = await page.evaluate<number>(
      `new Promise((told) => {
        let frames = 0;
        const count = () => { frames++; requestAnimationFrame(count); };
        requestAnimationFrame(count);
        setTimeout(() => told(frames / 2), 2000);
      })`,
    );
    // Server, crowd and browser share two cores, perhaps with other specs: alone it is thirty and more.
    expect(frames).toBeGreaterThan(8);
    await page.getByText(/a sample: \d+\/s are not drawn/).waitFor();
    expect(errors).toEqual([]);
    await page.close();
  });

  it('says that its server is out of reach, keeps what was, and goes on when it is back', async () => {
    const { address, url } = await shownServer();
    running.push(
      crowd(connect(address, crowdOptions), { people: 2, everyMs: 50, stayMs: 60_000 }).subscribe(),
    );
    const road = await brokenRoad(Number(url.port));
    const { page, errors } = await opened(new URL(`http://127.0.0.1:${road.port}/${url.search}`));
    await page.locator('#rows li').nth(1).waitFor();
    road.cut();
    await page.getByText('Out of reach: trying again.').waitFor();
    expect(await page.locator('#rows li').count()).toBe(2);
    road.mend();
    await expect.poll(() => page.locator('#said').textContent(), { timeout: 15_000 }).toBe('');
    expect(await page.locator('#rows li').count()).toBe(2);
    for (const each of running.splice(1, 1)) each.unsubscribe(); // the page's own server, in order
    await page.getByText('Out of reach: trying again.').waitFor();
    expect(errors).toEqual([]);
    await page.close();
  });

  it('has in the document only what is in sight of thousands who came and left', async () => {
    const { address, url } = await shownServer();
    const { page, errors } = await opened(url, { viewport: { width: 1_000, height: 600 } });
    const visits$ = range(0, 600).pipe(
      mergeMap(() => connect(address, crowdOptions).pipe(converse((conn) => conn.send('hi'))), 20),
    );
    await lastValueFrom(visits$);
    await page.locator('#rows li.over').first().waitFor();
    expect(await page.locator('#rows li').count()).toBeLessThan(40);
    await page.locator('#rows').focus();
    await page.keyboard.press(' ');
    await page.keyboard.press('ArrowUp');
    const chosen = await page.evaluate<Record<string, string>>(`(() => {
      const last = document.querySelector('#rows li[aria-selected=true]');
      const [place, size] = ['aria-posinset', 'aria-setsize'].map((name) => last.getAttribute(name));
      return { place, size, id: last.id, active: document.getElementById('rows').getAttribute('aria-activedescendant') };
    })()`);
    expect(chosen.place).toBe(chosen.size);
    expect(Number(chosen.place)).toBeGreaterThan(100);
    expect(chosen.active).toBe(chosen.id);
    expect(errors).toEqual([]);
    await page.close();
  });

  it('is drawn in the colours that a visitor forces on it', async () => {
    const { address, url } = await shownServer();
    running.push(
      crowd(connect(address, crowdOptions), { people: 5, everyMs: 50, stayMs: 60_000 }).subscribe(),
    );
    const { page, errors } = await opened(url, { forcedColors: 'active' });
    await page.locator('#rows li').nth(4).waitFor();
    const colours = `(() => {
      const canvas = document.querySelector('canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return new Set(new Uint32Array(data.buffer)).size;
    })()`;
    await expect.poll(() => page.evaluate<number>(colours)).toBeGreaterThan(3);
    expect(errors).toEqual([]);
    await page.close();
  });

  it.each(['light', 'dark'] as const)('fits on a phone, %s', async (colorScheme) => {
    const { address, url } = await shownServer();
    running.push(
      crowd(connect(address, crowdOptions), { people: 5, everyMs: 200, stayMs: 60_000 }).subscribe(),
    );
    const { page, errors } = await opened(url, {
      viewport: { width: 360, height: 700 },
      colorScheme,
      hasTouch: true,
    });
    await page.locator('#rows li').nth(4).waitFor();
    const wide = await page.evaluate<number>('document.documentElement.scrollWidth');
    expect(wide).toBeLessThanOrEqual(360);
    const ground = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    expect(ground).toBe(colorScheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(13, 17, 23)');
    expect(errors).toEqual([]);
    await page.close();
  });
});
