import { createServer, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { defer, map, type Observable } from 'rxjs';

const root = fileURLToPath(new URL('../../', import.meta.url));

const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>bridge</title>
<style>:root { color-scheme: light dark; font: 1rem system-ui; } form { display: flex; gap: .5rem } input { flex: 1 }</style>
<h1>A page, and a tinyproto server</h1>
<form><label for="line">Line</label><input id="line" autocomplete="off" autofocus><button>Send</button></form>
<ol aria-live="polite"></ol>
<script type="module" src="/page.js"></script>
</html>`;

/** The page as a script, on the browser's half of the WebSocket door. */
const script$ = defer(() =>
  build({
    entryPoints: [`${root}examples/bridge/page.ts`],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    write: false,
    // Outside of this repository the package's own conditions do this.
    alias: { 'rx-tinyproto/websocket': `${root}src/websocket/browser.ts` },
    absWorkingDir: root,
  }),
).pipe(map(({ outputFiles }) => outputFiles[0]?.text ?? ''));

/** A server that has the page, and is not listening yet. */
export const pageServer$: Observable<Server> = script$.pipe(
  map((script) =>
    createServer(({ url }, response) => {
      const isScript = url === '/page.js';
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html; charset=utf-8');
      response.end(isScript ? script : html);
    }),
  ),
);
