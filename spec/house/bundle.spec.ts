import { builtinModules } from 'node:module';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { build as buildWithVite } from 'vite';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * What a browser pays for `connect` and one framing, minified and gzipped, without rxjs; a little above what it is, so that whoever adds to it does so knowingly.
 *
 * With `lengthPrefixed` that is the connection, its way out, the framing, and what minds the pace of messages that come in pieces; with `tinyproto` more than a third of it is the handshake and the
 * queue of frames that wait for an answer. What puts small writes together comes with a transport; streamed bodies and the budget of a server come with `rx-tinyproto`. The goal for performance is 6 kB.
 */
const clients: readonly (readonly [name: string, path: string, mostBytes: number])[] = [
  ['lengthPrefixed', 'length-prefixed', 8_950],
  ['tinyproto', 'tinyproto', 14_200],
];

describe('connect and one framing, bundled for the browser', () => {
  const client = (path: string) => `
    export { connectOver } from './src/client/connect.js';
    export * from './src/framing/${path}.js';
  `;
  const core = client('tinyproto');

  it('has no Node in it', async () => {
    expect((await bundled(core)).node).toEqual([]);
  });

  it('has none either in the front door, whose TCP is the one that browsers have: none', async () => {
    expect((await bundled(`export * from './src/index.js';`)).node).toEqual([]);
  });

  it('has no transport in it', async () => {
    expect((await bundled(core)).inputs.filter((path) => path.startsWith('src/transport/'))).toEqual([]);
  });

  it.each(clients)('stays small with %s', async (_, path, mostBytes) => {
    const { gzippedBytes } = await bundled(client(path));
    expect(gzippedBytes).toBeLessThan(mostBytes);
    expect(gzippedBytes).toBeGreaterThan(mostBytes - 500); // a bound that is far away holds nothing
  });

  it('would be found to have Node in it, if it had', async () => {
    expect((await bundled(`export * from './src/transport/tcp-dial.js';`)).node).toContain('node:net');
    expect((await bundled(`import { Buffer } from 'buffer'; export { Buffer };`)).node).toEqual(['buffer']);
  });
});

/**
 * What a page pays for WebSockets. The first is a promise, and is not raised: all of a connection, with the way out of wires that keep chunks, `wholeChunks()`, and the WebSocket, whose own part is the
 * second. What a page does without comes with what needs it: a queue with framings whose frames wait, deadlines of messages with framings whose messages come in pieces, claims and budgets
 * with servers, bodies and the joining of writes with `rx-tinyproto`, `WebSocketStream` with `webSocket()`.
 */
const pageBytes = 8_000;
const doorBytes = 1_600;

describe('a browser’s client with `wholeChunks()`', () => {
  const page = `export { connect } from './src/websocket/browser.js';`;
  const connection = `
    export { connectOver } from './src/client/connect.js';
    export { wholeChunks } from './src/framing/whole-chunks.js';
  `;

  it('has no Node in it, and no package but rxjs', async () => {
    const { node, inputs } = await bundled(page);
    expect(node).toEqual([]);
    expect(inputs.filter((path) => !/^(src\/|<stdin>)/.test(path))).toEqual([]);
  });

  it(`is at most ${pageBytes} bytes, of which at most ${doorBytes} are the WebSocket’s`, async () => {
    const [whole, without] = await Promise.all([bundled(page), bundled(connection)]);
    expect(whole.gzippedBytes).toBeLessThanOrEqual(pageBytes);
    expect(whole.gzippedBytes - without.gzippedBytes).toBeLessThanOrEqual(doorBytes);
    expect(without.gzippedBytes).toBeGreaterThan(5_000); // tree-shaken to nothing would pass
  });

  it('is what Vite makes of the doors’ browser halves, beside the operators of the front door', async () => {
    const made = await viteBundle(`
      import { connect } from 'rx-tinyproto/websocket';
      import { converse, text } from 'rx-tinyproto';
      connect('/chat', { codec: text() }).pipe(converse((conn) => conn.messages$)).subscribe();
    `);
    expect(
      made.modules.filter((id) =>
        /node:|vite-browser-external|node_modules\/(ws|@nats-io)\/|\/tcp\.ts$/.test(id),
      ),
    ).toEqual([]);
    expect(made.modules.some((id) => id.endsWith('src/websocket/browser-dial.ts'))).toBe(true);
    expect(made.code).not.toMatch(/node:|from ?["'](ws|@nats-io)/);
    expect(made.code).toContain('A browser cannot listen');
    expect(made.code).not.toContain('listen needs an address');
  });
});

/** What the front door binds at its top is marked as pure: unmarked, esbuild took all of it with any name, 30 kB. */
describe('the front door, of which only some is imported', () => {
  it.each([
    ['text', 300],
    ['consume, converse, text', 2_280],
    ['serve, consume', 3_030],
  ])('stays small: %s', async (names, mostBytes) => {
    const { gzippedBytes } = await bundled(`export { ${names} } from './src/index.js';`);
    expect(gzippedBytes).toBeLessThan(mostBytes);
  });
});

/** A page's script, as Vite makes it of the sources: what package.json says about browsers, said to Vite. */
async function viteBundle(
  code: string,
): Promise<{ readonly modules: readonly string[]; readonly code: string }> {
  const modules: string[] = [];
  const entry = `${root}page.ts`;
  const result = await buildWithVite({
    root,
    configFile: false,
    logLevel: 'silent',
    resolve: {
      alias: [
        { find: 'rx-tinyproto/websocket', replacement: `${root}src/websocket/browser.ts` },
        { find: 'rx-tinyproto', replacement: `${root}src/index.ts` },
      ],
    },
    plugins: [
      {
        name: 'page',
        resolveId: (id) => (id === entry ? id : undefined),
        load: (id) => (id === entry ? code : undefined),
        moduleParsed: ({ id }) => void modules.push(id),
      },
    ],
    build: { write: false, rollupOptions: { input: entry } },
  });
  const { output } = result as Extract<typeof result, { readonly output: unknown }>;
  return { modules, code: output.map((chunk) => ('code' in chunk ? chunk.code : '')).join('') };
}

/** Node's modules are external here, so that the bundle tells of them where a browser would miss them. */
async function bundled(contents: string) {
  const { metafile, outputFiles } = await build({
    stdin: { contents, resolveDir: root, loader: 'ts' },
    absWorkingDir: root,
    bundle: true,
    platform: 'browser',
    format: 'esm',
    minify: true,
    write: false,
    metafile: true,
    external: ['rxjs', 'rxjs/*', 'node:*', ...builtinModules],
    logLevel: 'silent',
  });
  const [file] = outputFiles;
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path));
  return {
    inputs: Object.keys(metafile.inputs),
    node: imports.filter((path) => path.startsWith('node:') || builtinModules.includes(path)).sort(),
    gzippedBytes: file ? gzipSync(file.contents, { level: 9 }).byteLength : 0,
  };
}
