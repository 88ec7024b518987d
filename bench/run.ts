/**
 * Compares the library with loops by hand and with other libraries: two processes, over loopback, in turn.
 *
 *     npm run bench -- [--case NAME,…] [--peer NAME,…] [--repeat 5] [--quick] [--against CHECKOUT]
 *                      [--profile FOLDER] [--node PATH] [--out NAME]
 *
 * `--against` adds the library of another checkout (installed), as `before`. `--profile` writes a `.cpuprofile` of each process, and which functions its time went to.
 */
import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compiled, installed } from './build.js';
import type { Case } from './case.js';
import { cases } from './cases.js';
import { type Conditions, type Contender, measure, type Run } from './measure.js';
import { peers } from './peers/all.js';
import { rank } from './profile.js';
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
  flags: () => [],
};

/** One more run of each, with a profile of each process. */
async function profile(what: Case, who: Contender, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const name = (side: string) => `${what.name}-${who.name}-${side}.cpuprofile`;
  const flags = (side: string) => ['--cpu-prof', `--cpu-prof-name=${name(side)}`, `--cpu-prof-dir=${folder}`];
  await measure(what, who, { ...conditions, flags });
  for (const side of ['server', 'client']) rank(join(folder, name(side)), conditions.measureMs);
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
for (const what of cases.filter(({ name }) => chosen(options.case, name))) {
  const taking = everybody.filter(({ peer }) => peers[peer]?.wires.includes(what.task.wire));
  const runs = new Map<string, Run[]>(taking.map(({ name }) => [name, []]));
  for (let round = 0; round < repeat; round++) {
    // There and back again: nobody is always behind the same one.
    for (const who of round % 2 === 0 ? taking : [...taking].reverse()) {
      try {
        runs.get(who.name)?.push(await measure(what, who, conditions));
      } catch (error) {
        console.error(String(error));
      }
    }
  }
  console.log(row(what, runs));
  if (options.profile) for (const who of taking) await profile(what, who, options.profile);
}
