import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root, run } from '../helpers/programs.js';

// The commands of examples/README.md, as real processes: they start, say where they listen, and end in order at Ctrl-C.

// Below the repository, where packages are found that are not bundled.
mkdirSync(join(root, '.cache'), { recursive: true });
const folder = mkdtempSync(join(root, '.cache/examples-'));
const names = ['echo', 'chat', 'fan-out', 'load-balancer', 'metrics', 'key-value', 'nestjs'];
const folders = readdirSync(join(root, 'examples'), { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? entry.name : [],
);

/** Made one file each beforehand: npm and the compiler take ten times as long to start. */
beforeAll(async () => {
  await build({
    entryPoints: names.map((name) => ({ in: join(root, 'examples', name, 'main.ts'), out: name })),
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    outdir: folder,
    outExtension: { '.js': '.mjs' },
  });
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const example = (name: string, ...words: readonly string[]) =>
  run(process.execPath, join(folder, `${name}.mjs`), ...words);

const inOrder = { code: 0, stderr: '' };

describe('every example', () => {
  it('has a paragraph and a command in examples/README.md', () => {
    const readme = readFileSync(join(root, 'examples/README.md'), 'utf8');
    const missing = folders.filter(
      (name) =>
        !readme.includes(`\n## ${name}\n`) ||
        !new RegExp(`npm (start|run example (-- )?${name})`).test(readme),
    );
    expect(missing).toEqual([]);
  });

  it.each(names)('%s says how it is used, and fails when it is used otherwise', async (name) => {
    const helped = await example(name, '--help').ended;
    expect(helped).toMatchObject(inOrder);
    expect(helped.stdout).toMatch(new RegExp(`^usage: ${name} `));
    expect(await example(name, '--nonsense').ended).toEqual({ code: 1, stdout: '', stderr: helped.stdout });
  });
});

describe('at Ctrl-C', { timeout: 30_000 }, () => {
  it.each([
    ['chat', ['server', '127.0.0.1:0', '--python', '127.0.0.1:0']],
    ['fan-out', ['agency', '127.0.0.1:0']],
    ['fan-out', ['relay', '127.0.0.1:0', '127.0.0.1:1']],
    ['load-balancer', ['worker', 'a', '127.0.0.1:0']],
    ['load-balancer', ['balancer', '127.0.0.1:0', '127.0.0.1:1']],
    ['metrics', ['collector', '127.0.0.1:0', '127.0.0.1:0']],
    ['key-value', ['server', '127.0.0.1:0']],
    ['nestjs', ['server', '127.0.0.1:0']],
  ])('%s %j ends in order', async (name, words) => {
    const running = example(name, ...words);
    await running.printed(/(isten|taken|shown).* on 127\.0\.0\.1:\d+\n/);
    running.signal('SIGINT');
    expect(await running.ended).toMatchObject(inOrder);
  });

  it('a server with clients ends in order, and they with it', async () => {
    const server = example('chat', 'server', '127.0.0.1:0');
    const [, address = ''] = await server.printed(/Listening on (\S+)\n/);
    const anna = example('chat', 'client', 'anna', address);
    const ben = example('chat', 'client', 'ben', address);
    await Promise.all([server.printed(/is now anna/), server.printed(/is now ben/)]);
    anna.say('hello\n');
    await ben.printed(/^\[anna\] hello$/m);

    server.signal('SIGINT');
    for (const { code, stderr } of await Promise.all([server.ended, anna.ended, ben.ended]))
      expect({ code, stderr }).toEqual(inOrder);
  });

  it('a client leaves, and the others are told', async () => {
    const server = example('chat', 'server', '127.0.0.1:0');
    const [, address = ''] = await server.printed(/Listening on (\S+)\n/);
    const anna = example('chat', 'client', 'anna', address);
    await server.printed(/is now anna/);
    const ben = example('chat', 'client', 'ben', address);
    await server.printed(/is now ben/);
    ben.signal('SIGINT');
    expect(await ben.ended).toMatchObject(inOrder);
    await anna.printed(/^\[ben\] \*\*left the chat$/m);
  });
});

describe('what others say', () => {
  it('does nothing to a terminal but stand there, on a line of its own', async () => {
    const server = example('chat', 'server', '127.0.0.1:0');
    const [, address = ''] = await server.printed(/Listening on (\S+)\n/);
    const anna = example('chat', 'client', 'anna', address);
    await server.printed(/is now anna/);
    const mallory = example('chat', 'client', 'mallory', address);
    mallory.say('\u001b[2J\u0007\u202eolleh\r[anna] sent\n');
    await anna.printed(/^\[mallory\] \ufffd\[2J\ufffd\ufffdolleh\ufffd\[anna\] sent$/m);
  });
});
