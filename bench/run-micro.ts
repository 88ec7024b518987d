/** Measures the state machines and the operators alone: `npm run bench:micro -- [milliseconds for each]`. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compiled, installed } from './build.js';

const here = dirname(fileURLToPath(import.meta.url));
installed(here);
const script = join(dirname(await compiled(here, dirname(here))), 'micro.mjs');
const results = JSON.parse(
  execFileSync(process.execPath, [script, ...process.argv.slice(2)], { encoding: 'utf8' }),
);
console.table(results);
writeFileSync(join(here, 'results/micro.json'), `${JSON.stringify(results, null, 1)}\n`);
