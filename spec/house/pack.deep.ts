import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

/** An app in JavaScript, but for how it gets hold of the package: one echo over loopback. */
const app = `
  const server = listen(0, {
    codec: text(),
    openObserver: {
      next: ([{ port }]) => {
        connect(port, { codec: text() })
          .pipe(converse((conn) => merge(conn.messages$, conn.send('over the road').pipe(ignoreElements())).pipe(take(1))))
          .subscribe({ next: console.log, complete: () => server.unsubscribe() });
      },
    },
  })
    .pipe(serve((conn) => conn.messages$.pipe(consume((message) => conn.send('Echo back: ' + message)))))
    .subscribe();
`;

const asModule = `
  import { ignoreElements, merge, take } from 'rxjs';
  import { connect, consume, converse, listen, serve, text } from 'rx-tinyproto';
  import * as testing from 'rx-tinyproto/testing';
  import * as transport from 'rx-tinyproto/transport';
  ${app}
`;

const asScript = `
  const { ignoreElements, merge, take } = require('rxjs');
  const { connect, consume, converse, listen, serve, text } = require('rx-tinyproto');
  require('rx-tinyproto/testing');
  require('rx-tinyproto/transport');
  ${app}
`;

describe('the tarball of npm pack', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rx-tinyproto-pack-'));
  const installed = join(folder, 'app/node_modules/rx-tinyproto');
  const inApp = (...words: string[]) => run(process.execPath, words, { cwd: join(folder, 'app') });

  beforeAll(async () => {
    await pack(folder);
    mkdirSync(installed, { recursive: true });
    await run('tar', ['-xzf', join(folder, 'package.tgz'), '--strip-components=1', '-C', installed]);
    symlinkSync(join(root, 'node_modules/rxjs'), join(folder, 'app/node_modules/rxjs'));
    symlinkSync(join(root, 'node_modules/tslib'), join(folder, 'app/node_modules/tslib'));
    writeFileSync(join(folder, 'app/package.json'), '{}');
    writeFileSync(join(folder, 'app/app.mjs'), asModule);
    writeFileSync(join(folder, 'app/app.cjs'), asScript);
  }, 60_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('holds the build, its sources and the licence, and nothing else', () => {
    const allowed = ['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'package.json', 'src'];
    expect(readdirSync(installed).filter((name) => !allowed.includes(name))).toEqual([]);
    expect(readdirSync(installed)).toEqual(
      expect.arrayContaining(['LICENSE', 'dist', 'package.json', 'src']),
    );
  });

  it('holds what programs and editors read, no specs, and little of it', () => {
    const files = readdirSync(installed, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(installed, join(entry.parentPath, entry.name)));
    const code = files.filter((file) => /^(dist|src)\//.test(file));
    expect(code.filter((file) => !/\.(js|d\.ts|js\.map|d\.ts\.map|ts)$/.test(file))).toEqual([]);
    expect(
      code.filter((file) => /\.(spec|deep|bench)\.|^src\/.*\.js$|^dist\/.*(?<!\.d)\.ts$/.test(file)),
    ).toEqual([]);
    expect(statSync(join(folder, 'package.tgz')).size).toBeLessThan(1_000_000);
  });

  it('asks for RxJS, and for the rest only where it is used', () => {
    const { dependencies, peerDependencies, peerDependenciesMeta, scripts } = manifestIn(installed);
    const optional = Object.keys(peerDependenciesMeta ?? {});
    expect(dependencies).toBeUndefined();
    expect(Object.keys(peerDependencies ?? {}).filter((name) => !optional.includes(name))).toEqual(['rxjs']);
    expect(Object.keys(scripts ?? {}).filter((name) => /install|prepare$/.test(name))).toEqual([]);
  });

  it('has a file behind every door', () => {
    const files = (door: unknown): string[] =>
      typeof door === 'string' ? [door] : Object.values(door as object).flatMap(files);
    const { exports, bin } = manifestIn(installed);
    const missing = [...files(exports), ...files(bin)].filter((file) => !existsSync(join(installed, file)));
    expect(missing).toEqual([]);
  });

  it('starts as a command line, with its own version', async () => {
    const { bin, version } = manifestIn(installed);
    const { stdout } = await inApp(join(installed, bin?.['rx-tinyproto'] ?? ''), '--version');
    expect(stdout).toContain(version);
  });

  it('has a source for every map', () => {
    const names = (below: string) =>
      readdirSync(join(installed, below), { recursive: true, encoding: 'utf8' });
    const mapped = names('dist').flatMap((name) =>
      name.endsWith('.js.map') ? [name.slice(0, -'.js.map'.length)] : [],
    );
    expect(mapped.length).toBeGreaterThan(0);
    expect(mapped.filter((name) => !existsSync(join(installed, 'src', `${name}.ts`)))).toEqual([]);
  });

  it('echoes over loopback when it is imported, and lets the process end', async () => {
    const { stdout, stderr } = await inApp('app.mjs');
    expect({ stdout, stderr }).toEqual({ stdout: 'Echo back: over the road\n', stderr: '' });
  });

  it.skipIf(!process.features.require_module)(
    'echoes over loopback when it is required, where Node can require modules',
    async () => {
      const { stdout } = await inApp('--no-warnings', 'app.cjs');
      expect(stdout).toBe('Echo back: over the road\n');
    },
  );
});

interface Manifest {
  readonly version: string;
  readonly exports: unknown;
  readonly bin?: Readonly<Record<string, string>>;
  readonly scripts?: object;
  readonly dependencies?: object;
  readonly peerDependencies?: object;
  readonly peerDependenciesMeta?: object;
}

const manifestIn = (package_: string): Manifest =>
  JSON.parse(readFileSync(join(package_, 'package.json'), 'utf8')) as Manifest;

/** Builds and packs a copy of what the tarball is made of, so that nobody's `dist` changes under them. */
async function pack(folder: string): Promise<void> {
  const copy = join(folder, 'package');
  mkdirSync(copy);
  for (const name of readdirSync(root)) {
    const taken =
      ['src', 'scripts', 'package.json', 'LICENSE'].includes(name) ||
      /^(tsconfig.*\.json|.*\.md)$/.test(name);
    if (taken) cpSync(join(root, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  await run('npm', ['run', 'build', '--silent'], { cwd: copy });
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--silent'], { cwd: copy });
  const [name] = readdirSync(copy).filter((file) => file.endsWith('.tgz'));
  if (!name) throw new Error(`npm pack made no tarball: ${stdout}`);
  cpSync(join(copy, name), join(folder, 'package.tgz'));
}
