/** Measures what somebody's bundle pays: `npm run sizes`. The same on every machine, and kept for docs/performance.md. */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sizes } from './sizes.js';

const here = dirname(fileURLToPath(import.meta.url));
const results = await sizes(dirname(here));
console.table(results);
writeFileSync(join(here, 'results/sizes.json'), `${JSON.stringify(results, null, 1)}\n`);
