import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/** What is run by itself. */
const scripts = ['side', 'micro', 'alone/stalled-members', 'alone/shutdown'];

/**
 * Compiles the library, as it is published, and what the processes of a run are made of: what is measured is plain JavaScript.
 * `root` is a checkout; the result stands in it, so that it finds that checkout's packages. Returns the script of a process.
 */
export async function compiled(here: string, root: string): Promise<string> {
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' });
  const path = pathToFileURL(join(root, 'dist/index.js')).href;
  return sideScript(here, join(root, 'bench/.build'), { path, external: true });
}

/** Compiles only what the processes are made of, around a library that is there. */
export async function sideScript(
  here: string,
  outdir: string,
  library: { readonly path: string; readonly external?: boolean },
): Promise<string> {
  await build({
    entryPoints: scripts.map((script) => join(here, `${script}.ts`)),
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'warning',
    plugins: [
      {
        name: 'packages stay where they are installed',
        setup({ onResolve }) {
          onResolve({ filter: /^rx-tinyproto$/ }, () => library);
          onResolve({ filter: /^[^./]/ }, ({ kind }) => (kind === 'entry-point' ? null : { external: true }));
        },
      },
    ],
  });
  return join(outdir, 'side.mjs');
}

/** Installs the peers, once: they are no dependencies of the library. */
export function installed(here: string): void {
  if (existsSync(join(here, 'node_modules'))) return;
  execFileSync('npm', ['ci'], { cwd: here, stdio: 'inherit' });
}
