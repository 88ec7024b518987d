import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { pages, root } from '../spec/helpers/docs-fences.js';
import { pictures } from '../spec/helpers/pictures.js';
import { errorBlocks } from './docs-errors.js';
import { brokenLinks } from './docs-links.js';
import { performanceBlocks } from './docs-performance.js';
import { stateBlocks } from './docs-states.js';

/**
 * Writes what the pages take from the sources: each block between `<!-- generated: name -->` and `<!-- generated end -->`, and the pictures, which tests draw.
 * With `--check` it writes nothing, and fails when a page is not what it would write, or links to what is not there.
 */

const blocks: Readonly<Record<string, string>> = {
  ...errorBlocks(),
  ...performanceBlocks(),
  ...stateBlocks(),
};
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

for (const [path, draw] of pictures) {
  const picture = draw();
  if (existsSync(`${root}${path}`) && readFileSync(`${root}${path}`, 'utf8') === picture) continue;
  stale.push(path);
  if (!check) writeFileSync(`${root}${path}`, picture);
}

const faults = [
  ...Object.keys(blocks)
    .filter((name) => !used.has(name))
    .map((name) => `no page has a place for: ${name}`),
  ...(check ? stale.map((page) => `${page} is not what the sources say. Run: npm run docs:generate`) : []),
  ...brokenLinks([...pages(), 'examples/README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md']),
];

for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
else console.log(`${used.size} blocks of the docs ${check ? 'are what the sources say' : 'are written'}`);
