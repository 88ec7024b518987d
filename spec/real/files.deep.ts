import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { interval } from 'rxjs';
import { describe, expect, it, type TestContext, vi } from 'vitest';
import { cli, cliOnTerminal, type Program } from '../helpers/cli-process.js';
import { folders } from '../helpers/files.js';
import { describePeer, onPath } from '../helpers/peers.js';

// `cp` and `serve-files` as processes: large files in little memory, and what is left of those that were cut.

const MiB = 1_024 * 1_024;

describe('a file of 1 GiB', () => {
  it('goes up and comes down, its hash equal, and no side takes 150 MB', async (test) => {
    const { root, here } = folders(test);
    const hash = await written(join(here, 'a'), 1_024);
    const { server, port } = await serving(test, root);
    const serverPeak = watched(test, server);

    const up = await cli(test, 'cp', join(here, 'a'), `:${port}:a`);
    const upPeak = watched(test, up);
    expect(await up.ended).toEqual({
      code: 0,
      stdout: `a, ${1_024 * MiB} bytes, sha256 ${hash}\n`,
      stderr: '',
    });
    const down = await cli(test, 'cp', `:${port}:a`, join(here, 'b'));
    const downPeak = watched(test, down);
    expect(await down.ended).toEqual({
      code: 0,
      stdout: `a, ${1_024 * MiB} bytes, sha256 ${hash}\n`,
      stderr: '',
    });

    expect(await hashOf(join(here, 'b'))).toBe(hash);
    const peaks = [serverPeak(), upPeak(), downPeak()];
    console.log(
      `peak resident memory: server, cp up, cp down: ${peaks.map((bytes) => Math.round(bytes / 1e6)).join(', ')} MB`,
    );
    // Only Linux tells.
    if (process.platform === 'linux') expect(Math.min(...peaks)).toBeGreaterThan(10e6);
    expect(Math.max(...peaks)).toBeLessThan(150e6);
  });
});

describe('a copy that is cut', () => {
  it('up, leaves nothing under its name and is gone on with', async (test) => {
    const { root, here } = folders(test);
    const hash = await written(join(here, 'a'), 256);
    const { server, port } = await serving(test, root);
    const first = await cli(test, 'cp', join(here, 'a'), `:${port}:a`);
    await vi.waitFor(() => expect(partOf(root)).toBeGreaterThan(16 * MiB), { timeout: 20_000, interval: 5 });
    first.signal('SIGKILL');
    await server.printed(/failed a: .*\n/);
    expect(readdirSync(root)).toEqual([expect.stringMatching(/\.part$/)]);

    const second = await cli(test, 'cp', join(here, 'a'), `:${port}:a`);
    const { code, stdout } = await second.ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^a, ${256 * MiB} bytes, from [0-9.]+ MB on, sha256 ${hash}\n$`));
    expect(readdirSync(root)).toEqual(['a']);
    expect(await hashOf(join(root, 'a'))).toBe(hash);
  });

  it('down, by the end of the server or by Ctrl-C, leaves nothing under its name and is gone on with', async (test) => {
    const { root, here } = folders(test);
    const hash = await written(join(root, 'a'), 256);
    const first = await serving(test, root);
    const broken = await cli(test, 'cp', `:${first.port}:a`, here);
    await vi.waitFor(() => expect(partOf(here)).toBeGreaterThan(16 * MiB), { timeout: 20_000, interval: 5 });
    first.server.signal('SIGKILL');
    expect(await broken.ended).toMatchObject({ code: 4, stdout: '' });
    expect(readdirSync(here)).toEqual([expect.stringMatching(/\.part$/)]);
    const before = partOf(here);

    const { port } = await serving(test, root);
    const interrupted = await cli(test, 'cp', `:${port}:a`, here);
    await vi.waitFor(() => expect(partOf(here)).toBeGreaterThan(before + 16 * MiB), {
      timeout: 20_000,
      interval: 5,
    });
    interrupted.signal('SIGINT');
    expect(await interrupted.ended).toMatchObject({ code: 130, stdout: '' });
    expect(readdirSync(here)).toEqual([expect.stringMatching(/\.part$/)]);

    const whole = await cli(test, 'cp', `:${port}:a`, here);
    const { code, stdout } = await whole.ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`from [0-9.]+ MB on, sha256 ${hash}\n$`));
    expect(readdirSync(here)).toEqual(['a']);
    expect(await hashOf(join(here, 'a'))).toBe(hash);
  });
});

describe('serve-files', () => {
  it('lets what is under way end when it is stopped, and ends with 0', async (test) => {
    const { root, here } = folders(test);
    const hash = await written(join(here, 'a'), 128);
    const { server, port } = await serving(test, root);
    const copy = await cli(test, 'cp', join(here, 'a'), `:${port}:a`);
    await vi.waitFor(() => expect(partOf(root)).toBeGreaterThan(MiB), { timeout: 20_000, interval: 5 });
    server.signal('SIGINT');
    expect(await copy.ended).toMatchObject({ code: 0 });
    expect(await server.ended).toMatchObject({ code: 0, stdout: expect.stringContaining('uploaded a') });
    expect(await hashOf(join(root, 'a'))).toBe(hash);
  });

  it('says in one line what it cannot do', async (test) => {
    const { root } = folders(test);
    writeFileSync(join(root, 'file'), '');
    const server = await cli(test, 'serve-files', join(root, 'none'));
    expect(await server.ended).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^rx-tinyproto: ENOENT: .*\n$/),
    });
    const noFolder = await cli(test, 'serve-files', join(root, 'file'), '-l', '0');
    expect(await noFolder.ended).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^rx-tinyproto: .*\n$/),
    });
  });
});

describePeer('a pseudo-terminal', onPath('python3'), () => {
  it('is shown several files with a bar, rate and time left, which are gone in the end', async (test) => {
    const { root, here } = folders(test);
    await written(join(here, 'first'), 64);
    writeFileSync(join(here, 'second'), randomBytes(10));
    const { port } = await serving(test, root);
    const copy = await cliOnTerminal(test, ['cp', join(here, 'first'), join(here, 'second'), `:${port}:`]);
    const { code, stdout } = await copy.ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /\rfirst +\d+ % \S*█\S*░+ {2}[0-9.]+ MB of 67.1 MB {2}[0-9.]+ MB\/s {2}\d:\d\d left/,
    );
    const lines = stdout.split('\r\n').map((line) => line.split('\r\u001b[K').at(-1));
    expect(lines).toEqual([
      expect.stringMatching(/^first, 67108864 bytes, sha256 [0-9a-f]{64}$/),
      expect.stringMatching(/^second, 10 bytes, sha256 [0-9a-f]{64}$/),
      '',
    ]);
    expect(readFileSync(join(root, 'second')).equals(readFileSync(join(here, 'second')))).toBe(true);
  });
});

async function serving(test: TestContext, root: string): Promise<{ server: Program; port: string }> {
  const server = await cli(test, 'serve-files', root, '--allow-upload', '-l', '0');
  const [, port = ''] = await server.told(/Listening on \S+:(\d+)\n/);
  return { server, port };
}

/** How much of a file is here, of which there is not all. */
function partOf(folder: string): number {
  const [name] = readdirSync(folder).filter((each) => each.endsWith('.part'));
  return name ? statSync(join(folder, name)).size : 0;
}

/** Writes a file of so many MiB, each another; its hash. */
async function written(path: string, count: number): Promise<string> {
  const hash = createHash('sha256');
  const block = randomBytes(MiB);
  const file = openSync(path, 'wx');
  for (let index = 0; index < count; index++) {
    block.writeUInt32BE(index);
    hash.update(block);
    writeSync(file, block);
  }
  closeSync(file);
  return hash.digest('hex');
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** The most memory that a process has had, as Linux tells while it runs. */
function watched({ onTestFinished }: TestContext, { pid }: Program): () => number {
  let peak = 0;
  const watching = interval(20).subscribe(() => {
    try {
      const [, kB = '0'] = /^VmHWM:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
      peak = Math.max(peak, Number(kB) * 1_024);
    } catch {
      // It has ended.
    }
  });
  onTestFinished(() => watching.unsubscribe());
  return () => peak;
}
