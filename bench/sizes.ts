import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/** What is bundled, as somebody would import it. */
const bundles = {
  'a page with a WebSocket (`connect` of `rx-tinyproto/websocket`, `wholeChunks`)': `
    export { connect } from './src/websocket/browser.js';`,
  'a client with one framing (`connectOver`, `lengthPrefixed`)': `
    import { connectOver } from './src/client/connect.js';
    import { lengthPrefixed } from './src/framing/length-prefixed.js';
    export const connect = (transport) => connectOver({ transport, framing: lengthPrefixed() });`,
  'the same over TCP': `
    import { connectOver } from './src/client/connect.js';
    import { together } from './src/outbox/open-outbox.js';
    import { lengthPrefixed } from './src/framing/length-prefixed.js';
    import { tcp } from './src/transport/tcp.js';
    export const connect = connectOver({ transport: tcp(), framing: lengthPrefixed(), outbox: together });`,
  "`import { connect } from 'rx-tinyproto'`": `export { connect } from './src/index.js';`,
  'all of `rx-tinyproto`': `export * from './src/index.js';`,
};

/** Their sizes in bytes, minified and gzipped, without RxJS. */
export async function sizes(root: string): Promise<Record<string, number>> {
  const each = Object.entries(bundles).map(async ([name, contents]) => [name, await size(root, contents)]);
  return Object.fromEntries(await Promise.all(each));
}

async function size(root: string, contents: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root, loader: 'ts' },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    external: ['rxjs', 'node:*'],
    write: false,
  });
  return gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).length;
}
