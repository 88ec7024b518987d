/**
 * Many connections, bad ones, and for long: what becomes of memory, of time, and of those who behave.
 *
 *     npm run soak -- [--long] [--minutes N] [--rounds N] [--case NAME,…] [--out FILE]
 *
 * `--minutes` (default 10, 60 with `--long`) bounds the whole run; cases that no time is left for are named and make it fail. A whole run writes docs/soak.md.
 * Whether good peers notice bad ones is the median of `--rounds` (default 3). Fails if something does not hold.
 */
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { announce } from './cases/announce.js';
import { churn } from './cases/churn.js';
import { idle } from './cases/idle.js';
import { neverAnswer, neverRead } from './cases/never-read.js';
import { oneByte } from './cases/one-byte.js';
import { resets } from './cases/resets.js';
import { slowHeader, slowOpening, slowPayload } from './cases/slow-loris.js';
import { page } from './page.js';
import { section, type Told } from './report.js';

const all = [
  idle,
  neverRead,
  neverAnswer,
  announce,
  slowOpening,
  slowHeader,
  slowPayload,
  oneByte,
  resets,
  churn,
];

const { values: options } = parseArgs({
  options: {
    long: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '3' },
    minutes: { type: 'string' },
    case: { type: 'string', multiple: true },
    out: { type: 'string' },
  },
});

const wanted = options.case?.flatMap((names) => names.split(','));
const chosen = all.filter(({ name }) => wanted === undefined || wanted.includes(name));
const unknown = wanted?.filter((name) => !all.some((each) => each.name === name)) ?? [];
if (unknown.length > 0)
  throw new RangeError(`no case ${unknown.join(', ')}, but ${all.map(({ name }) => name).join(', ')}`);

const minutes = Number(options.minutes ?? (options.long ? 60 : 10));
if (!(minutes > 0)) throw new RangeError(`--minutes is above 0, not ${options.minutes}`);
const rounds = Number(options.rounds);
if (!(rounds >= 1)) throw new RangeError(`--rounds is 1 or more, not ${options.rounds}`);
const began = performance.now();
const leftMs = () => began + minutes * 60_000 - performance.now();

/** A case that hangs ends the run, and its processes with it: a minute beyond the time there is. */
const late = (name: string) =>
  new Promise<never>((_, reject) => {
    const fail = () => reject(new Error(`${name} takes longer than the ${minutes} minutes of this run`));
    setTimeout(fail, leftMs() + 60_000).unref();
  });

const told: Told[] = [];
for (const of of chosen) {
  if (leftMs() <= 0) {
    console.error(`no time was left for ${of.name}`);
    process.exitCode = 1;
    continue;
  }
  const start = performance.now();
  const findings = await Promise.race([of.run({ long: options.long, rounds, leftMs }), late(of.name)]);
  const seconds = (performance.now() - start) / 1_000;
  told.push({ of, findings, seconds });
  console.log(section({ of, findings, seconds }));
  if (findings.some(({ holds }) => holds === false)) process.exitCode = 1;
}

const out =
  options.out ??
  (told.length === all.length ? fileURLToPath(new URL('../../docs/soak.md', import.meta.url)) : undefined);
if (out) {
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}`;
  writeFileSync(out, page(told, { machine, load: loadavg()[0] ?? 0, long: options.long }));
}
