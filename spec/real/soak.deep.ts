import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What a run has written, and whether it ended by itself. How long anybody waited is the machine's affair, so its verdict is not looked at. */
async function soaked(
  ...cases: readonly string[]
): Promise<{ readonly page: string; readonly ended: boolean }> {
  const folder = mkdtempSync(join(tmpdir(), 'soak-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const out = join(folder, 'page.md');
  const named = cases.flatMap((name) => ['--case', name]);
  const args = ['--import', 'tsx', 'bench/soak/run.ts', '--rounds', '1', ...named, '--out', out];
  const ended = await new Promise<boolean>((resolve) => {
    execFile(process.execPath, args, { cwd: root, timeout: 150_000 }, (error) =>
      resolve(error?.killed !== true),
    );
  });
  return { page: readFileSync(out, 'utf8'), ended };
}

/** What the page says of something, once for each case. */
const told = (page: string, what: string) =>
  page
    .split('\n')
    .filter((line) => line.startsWith(`| ${what} |`))
    .map((line) => line.split(' | ')[1]);

describe('npm run soak', () => {
  it('cuts thousands that are bad, forgets them, and ends by itself', { timeout: 160_000 }, async () => {
    const { page, ended } = await soaked('never-answer', 'slow-opening');
    expect(ended).toBe(true);
    expect(told(page, 'bad peers that were cut')).toEqual(['1000', '1000']);
    expect(told(page, 'why')).toEqual(['connection-closed 1000', 'opening-timeout 1000']);
    expect(told(page, 'connections left')).toEqual(['0', '0']);
    expect(told(page, 'uncaught errors, unhandled rejections, warnings')).toEqual(['none', 'none']);
  });
});
