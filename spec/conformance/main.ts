import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { chapters } from './chapters/index.js';
import { absences } from './columns.js';
import { failed, type Report, type Row, rowOf } from './report.js';
import { pageOf } from './report-page.js';
import { run } from './run.js';
import { everyVariant, nameOf } from './variants.js';

/**
 * Runs every variant of every case, one after the other, and writes what came of them to .cache/conformance: index.html and report.json.
 *
 *     npm run conformance                         everything
 *     npm run conformance -- --only 4.1           the cases whose number or title has this in it
 *     npm run conformance -- --seed 7             cut at random in another way; the seed of a run is printed
 */
const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, only: { type: 'string', default: '' } },
});
const seed = Number(values.seed);
const folder = '.cache/conformance';
const started = performance.now();

const wanted = everyVariant(seed).filter(
  ({ number, case: { title } }) =>
    values.only === '' ||
    number === values.only ||
    number.startsWith(`${values.only}.`) ||
    title.includes(values.only),
);
console.log(`${wanted.length} variants, seed ${seed}`);

const rows: Row[] = [];
let last = '';
for (const variant of wanted) {
  if (variant.number.split('.')[0] !== last) {
    last = variant.number.split('.')[0] ?? '';
    console.log(`${last}. ${chapters.find(({ number }) => String(number) === last)?.title}`);
  }
  const result = await run(variant);
  if (result.wrong.length > 0 && !result.foreign)
    console.log(`  ${variant.number} ${nameOf(variant)}: ${result.wrong.join('; ')}`);
  rows.push(rowOf(result));
}

const report: Report = {
  date: new Date().toISOString().slice(0, 16),
  node: process.version,
  seed,
  seconds: Math.round((performance.now() - started) / 1_000),
  chapters: chapters.map(({ number, title }) => ({ number, title })),
  rows,
  absent: Object.fromEntries(
    chapters.flatMap(({ number, cases }) =>
      cases.map((each, index) => [`${number}.${index + 1}`, absences(each)] as const),
    ),
  ),
};
mkdirSync(folder, { recursive: true });
writeFileSync(`${folder}/report.json`, JSON.stringify(report, undefined, 1));
writeFileSync(`${folder}/index.html`, pageOf(report));
const bad = failed(report).length;
const count = (verdict: Row['verdict']) => rows.filter((row) => row.verdict === verdict).length;
console.log(
  `${count('passed')} passed, ${bad} failed, ${count('differs')} differ in the Python original, ${count('skipped')} skipped, in ${report.seconds} s: ${folder}/index.html`,
);
process.exitCode = bad > 0 ? 1 : 0;
