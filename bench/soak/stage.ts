/** The processes of a case: the server under measure, and peers. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pass } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { forked, type Remote } from './calls.js';
import type { PeerCalls, To } from './peers.js';
import { exactly, type Finding } from './report.js';
import type { Listening, ServerCalls } from './server.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../../', import.meta.url));

/** Plain JavaScript, beside the packages: what runs TypeScript as it is names every closure, which is memory that would be measured. */
let built: Promise<string> | undefined;
const scripts = () => {
  built ??= compiled();
  return built;
};

async function compiled(): Promise<string> {
  const outdir = mkdtempSync(join(root, 'node_modules/.soak-'));
  process.on('exit', () => rmSync(outdir, { recursive: true, force: true }));
  await build({
    entryPoints: [join(here, 'server.ts'), join(here, 'peers.ts')],
    outdir,
    outExtension: { '.js': '.mjs' },
    tsconfig: join(root, 'tsconfig.json'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['rxjs'],
    logLevel: 'warning',
  });
  return outdir;
}

export interface Stage {
  readonly server: Remote<ServerCalls>;
  readonly to: To;
  /** Another process of peers. */
  readonly peers: () => Promise<Remote<PeerCalls>>;
  /** Waits until the server has so many connections; false if it takes longer than a deadline. */
  readonly has: (open: number, withinMs?: number) => Promise<boolean>;
  /** What must hold behind every case: nobody is left, and nothing went astray. */
  readonly clean: () => Promise<readonly Finding[]>;
}

/** Runs a case on a server of its own. All processes are gone when it is over. */
export async function onStage<T>(listening: Listening, act: (stage: Stage) => Promise<T>): Promise<T> {
  const outdir = await scripts();
  const server = forked<ServerCalls>(join(outdir, 'server.mjs'));
  const all: { readonly quit: () => Promise<void> }[] = [server];
  try {
    const hosts = await server.listen(listening);
    const has = async (open: number, withinMs = 10_000) => {
      const until = performance.now() + withinMs;
      while ((await server.counts()).open !== open) {
        if (performance.now() > until) return false;
        await pass(20);
      }
      return true;
    };
    return await act({
      server,
      to: { kind: listening.kind, hosts },
      peers: async () => {
        const peers = forked<PeerCalls>(join(outdir, 'peers.mjs'));
        all.push(peers);
        return peers;
      },
      has,
      clean: async () => {
        await has(0);
        const { open, stray } = await server.counts();
        return [
          exactly('connections left', open, 0),
          exactly('uncaught errors, unhandled rejections, warnings', stray.join('; ') || 'none', 'none'),
        ];
      },
    });
  } finally {
    await Promise.all(all.map((each) => each.quit()));
  }
}
