import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { type Browser, chromium } from 'playwright-core';
import { onPath, type Presence } from './peers.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const named = process.env.RX_TINYPROTO_CHROMIUM;

/** Where `scripts/peers.sh` notes that Debian could not be reached. */
const record = `${root}.peers/chromium.unreachable`;

/** Whether there is a Chromium: `describePeer('Chromium', hasChromium, …)`. `RX_TINYPROTO_CHROMIUM` names one that is not on the PATH. */
export const hasChromium = (): Presence => {
  const here = named ? true : onPath('chromium')();
  if (here === true || !existsSync(record)) return here;
  return { unreachable: readFileSync(record, 'utf8').trim() };
};

/** A browser without a window. Whoever starts it closes it. */
export const startChromium = (): Promise<Browser> =>
  chromium.launch({
    executablePath: named ?? pathOf('chromium'),
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
    timeout: 30_000,
  });

const pathOf = (command: string): string => {
  const folders = (process.env.PATH ?? '').split(':');
  const here = folders.map((folder) => `${folder}/${command}`).find((path) => existsSync(path));
  if (here === undefined) throw new Error(`no ${command} on the PATH`);
  return here;
};

/** Doors of the package as a page gets them, and what takes the place of other packages. */
const forPages = (instead: Readonly<Record<string, string>>): Plugin => ({
  name: 'for-pages',
  setup({ onResolve }) {
    for (const [name, file] of Object.entries(instead))
      onResolve({ filter: new RegExp(`^${name}$`) }, () => ({ path: root + file }));
  },
});

/** A program as one script for a page. The package's WebSocket door is the browser's. */
export async function bundleForPage(
  entry: string,
  instead: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [root + entry],
    bundle: true,
    platform: 'browser',
    format: 'iife',
    write: false,
    logLevel: 'silent',
    define: { 'process.env.NODE_ENV': '"test"' },
    plugins: [
      forPages({
        'rx-tinyproto/websocket': 'src/websocket/browser.ts',
        'rx-tinyproto': 'src/index.ts',
        ...instead,
      }),
    ],
  });
  return outputFiles[0]?.text ?? '';
}
