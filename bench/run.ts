/**
 * Compares the library with loops by hand and with other libraries: two processes, over loopback, in turn.
 *
 *     npm run bench -- [--case NAME,…] [--peer NAME,…] [--repeat 5] [--quick] [--against CHECKOUT]
 *                      [--profile FOLDER] [--node PATH] [--out NAME]
 *
 * `--against` adds the library of another checkout (installed), as `before`. `--profile` writes a `.cpuprofile` for each process.
 */
import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compiled } from './build.js';
import { cases } from './cases.js';
import { type Conditions, type Contender, measure, type Run } from './measure.js';
import { peers } from './peers/all.js';
import { row } from './table.js';

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
  flags: (side) => (options.profile ? profiling(options.profile, side) : []),
};

function profiling(folder: string, side: string): string[] {
  mkdirSync(folder, { recursive: true });
  return ['--cpu-prof', `--cpu-prof-name=${side}.cpuprofile`, `--cpu-prof-dir=${folder}`];
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

const taking = await contenders();
for (const what of cases.filter(({ name }) => chosen(options.case, name))) {
  const runs = new Map<string, Run[]>(taking.map(({ name }) => [name, []]));
  for (let round = 0; round < repeat; round++) {
    // There and back again: nobody is always behind the same one.
    for (const who of round % 2 === 0 ? taking : [...taking].reverse()) {
      runs.get(who.name)?.push(await measure(what, who, conditions));
    }
  }
  console.log(row(what, runs));
}
