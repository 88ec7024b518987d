/**
 * Compares the library with loops by hand and with other libraries: two processes, over loopback, in turn.
 *
 *     npm run bench -- [--case NAME,…] [--peer NAME,…] [--repeat 5] [--quick] [--against CHECKOUT]
 *                      [--profile FOLDER] [--node PATH] [--out NAME]
 *
 * `--against` adds the library of another checkout (installed), as `before`. `--profile` writes a `.cpuprofile` of each process, and which functions its time went to.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compiled, installed } from './build.js';
import type { Case } from './case.js';
import { cases } from './cases.js';
import { kinds } from './kinds.js';
import { type Conditions, type Contender, measure, type Run } from './measure.js';
import { everyday, peers } from './peers/all.js';
import { rank } from './profile.js';
import { plot } from './report/plot.js';
import type { Results, Row } from './report/results.js';
import { goals, page } from './report/table.js';
import { sizes } from './sizes.js';

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);

const { values: options } = parseArgs({
  options: {
    case: { type: 'string', default: '' },
    peer: { type: 'string', default: '' },
    repeat: { type: 'string' },
    quick: { type: 'boolean', default: false },
    against: { type: 'string' },
    profile: { type: 'string' },
    node: { type: 'string', default: process.execPath },
    out: { type: 'string', default: 'latest' },
  },
});

const repeat = Number(options.repeat ?? (options.quick ? 3 : 5));
const chosen = (list: string, name: string) => list === '' || list.split(',').includes(name);

const conditions: Conditions = {
  warmUpMs: options.quick ? 200 : 300,
  measureMs: options.quick ? 300 : 500,
  node: options.node,
  flags: () => [],
};

/** One more run, with a profile of each process. */
async function profile(what: Case, who: Contender, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const name = (side: string) => `${what.name}-${who.name}-${side}.cpuprofile`;
  const flags = (side: string) => ['--cpu-prof', `--cpu-prof-name=${name(side)}`, `--cpu-prof-dir=${folder}`];
  await measure(what, who, { ...conditions, flags });
  for (const { side } of kinds[what.kind]) rank(join(folder, name(side)), conditions.measureMs);
}

async function contenders(): Promise<Contender[]> {
  const script = await compiled(here, root);
  const all = Object.keys(peers).map((name) => ({ name, peer: name, script }));
  const taking = all.filter(({ name }) => chosen(options.peer, name));
  if (options.against) {
    const before = await compiled(here, resolve(options.against));
    taking.push({ name: 'before', peer: 'rx-tinyproto', script: before });
  }
  return taking;
}

installed(here);
const everybody = await contenders();
const rows: Row[] = [];
for (const what of cases.filter(({ name }) => chosen(options.case, name))) {
  const taking = everybody.filter(({ peer }) => takesPart(peer, what));
  const row = { case: what, runs: await inTurn(what, taking) };
  rows.push(row);
  console.log(goals([row]).split('\n').slice(2).join('\n'));
  if (options.profile) for (const who of taking) await profile(what, who, options.profile);
}

const results: Results = {
  date: new Date().toISOString(),
  node: execFileSync(options.node, ['--version'], { encoding: 'utf8' }).trim().slice(1),
  machine: `${cpus().length} cores of ${cpus()[0]?.model}`,
  repeat,
  measureMs: conditions.measureMs,
  rows,
  sizes: await sizes(root),
};
const file = (ending: string) => join(here, 'results', `${options.out}.${ending}`);
writeFileSync(file('json'), `${JSON.stringify(results, null, 1)}\n`);
writeFileSync(file('md'), page(results));
writeFileSync(file('svg'), plot(results));
console.log(page(results));

function takesPart(name: string, { kind, task }: Case): boolean {
  const peer = peers[name];
  return peer?.wires.includes(task.wire) === true && (peer.kinds ?? everyday).includes(kind);
}

/** Everybody once in each round, there and back again: nobody is always behind the same one. */
async function inTurn(what: Case, taking: readonly Contender[]): Promise<Record<string, Run[]>> {
  const runs: Record<string, Run[]> = Object.fromEntries(taking.map(({ name }) => [name, []]));
  for (let round = 0; round < repeat; round++) {
    for (const who of round % 2 === 0 ? taking : [...taking].reverse()) {
      const run = await measure(what, who, conditions).catch((error: Error) => error);
      if (run instanceof Error) console.error(`${what.name}: ${run.message}`);
      else runs[who.name]?.push(run);
    }
  }
  return runs;
}
