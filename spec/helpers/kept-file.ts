import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Compares what a spec has made with the file that is kept of it, below the root; `npm run pictures` writes it anew. */
export function expectKept(path: string, text: string): void {
  const file = root + path;
  if (process.env.RX_TINYPROTO_KEEP) write(file, text);
  const kept = existsSync(file) ? readFileSync(file, 'utf8') : '';
  expect(laidOut(text), `${path} is stale: npm run pictures`).toBe(laidOut(kept));
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  if (file.endsWith('.ts'))
    execFileSync('npx', ['biome', 'check', '--write', file], { cwd: root, stdio: 'ignore' });
}

/** A file but for its layout, which is the formatter's. */
const laidOut = (text: string) => text.replace(/[\s,]+/g, '');
