import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, type TestContext } from 'vitest';
import { bundled } from '../helpers/cli-process.js';
import { type Fence, fencesOf, root } from '../helpers/docs-fences.js';

// The blocks of shell of these pages, each run in an empty folder; the block of text that follows is what it prints.

const pages = ['docs/command-line.md', 'docs/file-transfer.md'];

/** As a reader types: not before the server is up. What could not connect is tried again, with the same input. */
const wrapper = (program: string) => `#!/bin/bash
run() { "${process.execPath}" "${program}" "$@"; }
case "$1" in
  connect | cp | replay) ;;
  *) exec "${process.execPath}" "${program}" "$@" ;;
esac
for _ in $(seq 100); do
  run "$@" 2> "$0.$$"
  code=$?
  [ $code = 3 ] || break
  sleep 0.1
done
cat "$0.$$" >&2
exit $code
`;

describe.each(pages)('%s', (page) => {
  const fences = fencesOf(readFileSync(`${root}${page}`, 'utf8'));
  const blocks = fences.flatMap((fence, index): [number, Fence, Fence | undefined][] =>
    fence.language === 'sh' ? [[fence.line, fence, fences[index + 1]]] : [],
  );

  it('has blocks that say what they print', () => {
    expect(blocks.length).toBeGreaterThan(1);
    expect(blocks.map(([, , next]) => next?.language)).toEqual(blocks.map(() => 'text'));
  });

  it.for(blocks)(
    'line %i prints what the page says',
    { timeout: 60_000 },
    async ([, block, printed], test) => {
      expect(await shell(test, block.text)).toBe(`${printed?.text}\n`);
    },
  );
});

async function shell({ onTestFinished }: TestContext, script: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'rx-tinyproto-docs-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'bin'));
  mkdirSync(join(folder, 'work'));
  writeFileSync(join(folder, 'bin/rx-tinyproto'), wrapper(await bundled()));
  chmodSync(join(folder, 'bin/rx-tinyproto'), 0o755);
  const env = { ...process.env, PATH: `${folder}/bin:${process.env.PATH}`, NO_COLOR: '1' };
  const child = spawn('bash', ['-c', script], {
    cwd: join(folder, 'work'),
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  const closed = new Promise((resolve) => child.on('close', resolve));
  await new Promise((resolve) => child.on('exit', resolve));
  if (child.pid) {
    try {
      process.kill(-child.pid, 'SIGKILL'); // the servers that it has left
    } catch {
      // There are none.
    }
  }
  await closed;
  expect(stderr).toBe('');
  return stdout;
}
