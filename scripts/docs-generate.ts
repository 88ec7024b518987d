import { readFileSync, writeFileSync } from 'node:fs';
import { pages, root } from '../spec/helpers/docs-fences.js';
import { errorBlocks } from './docs-errors.js';
import { stateBlocks } from './docs-states.js';

/**
 * Writes what the pages take from the sources: each block between `<!-- generated: name -->` and `<!-- generated end -->`.
 * With `--check` it writes nothing, and fails when a page is not what it would write.
 */

const blocks: Readonly<Record<string, string>> = { ...errorBlocks(), ...stateBlocks() };
const check = process.argv.includes('--check');
const used = new Set<string>();
const stale: string[] = [];

for (const page of pages()) {
  const before = readFileSync(`${root}${page}`, 'utf8');
  const after = before.replace(
    /(<!-- generated: (\S+) -->\n)[\s\S]*?(<!-- generated end -->)/g,
    (_, begin: string, name: string, end: string) => {
      const block = blocks[name];
      if (block === undefined) throw new Error(`${page}: nobody generates '${name}'`);
      used.add(name);
      return `${begin}\n${block.trim()}\n\n${end}`;
    },
  );
  if (after === before) continue;
  stale.push(page);
  if (!check) writeFileSync(`${root}${page}`, after);
}

const unused = Object.keys(blocks).filter((name) => !used.has(name));
if (unused.length > 0) {
  console.error(`no page has a place for: ${unused.join(', ')}`);
  process.exitCode = 1;
} else if (check && stale.length > 0) {
  console.error(`not what the sources say any more: ${stale.join(', ')}. Run: npm run docs:generate`);
  process.exitCode = 1;
} else {
  console.log(`${used.size} blocks of the docs ${check ? 'are what the sources say' : 'are written'}`);
}
