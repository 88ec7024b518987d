import { builtinModules } from 'node:module';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { build as buildWithVite } from 'vite';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What a browser pays for `connect` and one framing, minified and gzipped, without rxjs. Raise it knowingly: streamed bodies, the budget of a server and
 * half-close came to 14.4 kB, what is written in one turn to 15.2, and frames that are taken together, or begun, to 15.9; without
 * what puts small writes together, which comes with a transport, it is 15.0, some 50 bytes of it so that a teardown that throws harms nobody else, and 220 so that
 * `sendAll` asks an asynchronous iterable. The goal for performance is 6 kB. */
const budgetBytes = 15_000;

describe('connect and one framing, bundled for the browser', () => {
  const core = `
    export { connectOver } from './src/client/connect.js';
    export { tinyproto } from './src/framing/tinyproto.js';
  `;

  it('has no Node in it', async () => {
    expect((await bundled(core)).node).toEqual([]);
  });

  it('has none either in the front door, whose TCP is the one that browsers have: none', async () => {
    expect((await bundled(`export * from './src/index.js';`)).node).toEqual([]);
  });

  it('has no transport in it', async () => {
    expect((await bundled(core)).inputs.filter((path) => path.startsWith('src/transport/'))).toEqual([]);
  });

  it(`stays below ${budgetBytes} bytes, gzipped and without rxjs`, async () => {
    const { gzippedBytes } = await bundled(core);
    expect(gzippedBytes).toBeLessThan(budgetBytes);
    expect(gzippedBytes).toBeGreaterThan(1000); // tree-shaken to nothing would pass everything above
  });

  it('would be found to have Node in it, if it had', async () => {
    expect((await bundled(`export * from './src/transport/tcp-dial.js';`)).node).toContain('node:net');
    expect((await bundled(`import { Buffer } from 'buffer'; export { Buffer };`)).node).toEqual(['buffer']);
  });
});

/** What a page pays for WebSockets: with a framing and all of the connection, and beyond these. The goal for the first is 8 kB; TLS beside
 * it, and the pace of messages, came to 13.1 kB; without what puts small writes together, and what is for bodies and for tests alone, it is 12.3. */
const pageBytes = 12_350;
const doorBytes = 1_700;

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

  it(`stays below ${pageBytes} bytes, and ${doorBytes} of its own`, async () => {
    const [whole, without] = await Promise.all([bundled(page), bundled(connection)]);
    expect(whole.gzippedBytes).toBeLessThan(pageBytes);
    expect(whole.gzippedBytes - without.gzippedBytes).toBeLessThan(doorBytes);
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
    gzippedBytes: file ? gzipSync(file.contents).byteLength : 0,
  };
}
