import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const door = fileURLToPath(new URL('../../src/transport/index.ts', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));

/** Listens in a worker, and says what permissions the file has. */
const program = (path: string) => `
  import cluster from 'node:cluster';
  import { statSync } from 'node:fs';
  import { tcp } from ${JSON.stringify(door)};
  const path = ${JSON.stringify(path)};
  const tell = () => {
    console.log((statSync(path).mode & 0o777).toString(8));
    process.exit();
  };
  if (cluster.isPrimary) cluster.fork();
  else tcp().listen({ path, mode: 0o600 }, { openObserver: { next: tell } }).subscribe();`;

it('The file of a Unix socket has its permissions in a worker of a cluster, where the primary makes it', ({
  onTestFinished,
}) => {
  const folder = mkdtempSync(join(tmpdir(), 'rx-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const script = join(folder, 'worker.mjs');
  writeFileSync(script, program(join(folder, 'x.sock')));
  const { stdout } = spawnSync(process.execPath, ['--import', 'tsx', script], {
    cwd: root,
    encoding: 'utf8',
    timeout: 60_000,
  });
  expect(stdout).toBe('600\n');
}, 90_000);
