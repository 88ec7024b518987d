/**
 * Compares the library with loops by hand and with other libraries: two processes, over loopback, in turn.
 *
 *     npm run bench -- [--case NAME,…] [--peer NAME,…] [--repeat 5] [--others 5] [--quick] [--against CHECKOUT]
 *                      [--profile FOLDER] [--node PATH,…] [--out NAME]
 *
 * Cases that compare this library with itself, `stalled-members` and `shutdown`, run alone, when they are named, and print what they find.
 * `--others` is how many of the rounds other libraries take part in. With more Nodes than one, all take part on each. `--against` adds the library of another checkout (installed), as `before`. `--profile` writes a `.cpuprofile` of each process, and which functions its time went to.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
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
import { isPeer } from './report/figures.js';
import { nodesTable, on } from './report/nodes.js';
import { plot } from './report/plot.js';
import { type Results, type Row, written } from './report/results.js';
import { goals, page } from './report/table.js';

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    case: { type: 'string', default: '' },
    peer: { type: 'string', default: '' },
    repeat: { type: 'string' },
    others: { type: 'string' },
    quick: { type: 'boolean', default: false },
    against: { type: 'string' },
    profile: { type: 'string' },
    node: { type: 'string', default: process.execPath },
    out: { type: 'string', default: 'latest' },
  },
});

const repeat = Number(options.repeat ?? (options.quick ? 3 : 5));
const otherRounds = Number(options.others ?? repeat);
const chosen = (list: string, name: string) => list === '' || list.split(',').includes(name);

const conditions: Conditions = {
  warmUpMs: options.quick ? 200 : 1_000,
  measureMs: options.quick ? 300 : 500,
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

const nodes = options.node.split(',').map((path) => ({
  path,
  version: execFileSync(path, ['--version'], { encoding: 'utf8' }).trim().slice(1),
}));

async function contenders(): Promise<Contender[]> {
  const script = await compiled(here, root);
  const taking = nodes.flatMap(({ path, version }) =>
    Object.keys(peers)
      .filter((peer) => chosen(options.peer, peer))
      .map((peer) => ({ name: nodes.length > 1 ? on(version, peer) : peer, peer, script, node: path })),
  );
  if (options.against) {
    const before = await compiled(here, resolve(options.against));
    taking.push({ name: 'before', peer: 'rx-tinyproto', script: before, node: process.execPath });
  }
  return taking;
}

installed(here);
if (existsSync(join(here, 'alone', `${options.case}.ts`))) {
  const script = join(dirname(await compiled(here, root)), 'alone', `${options.case}.mjs`);
  execFileSync(process.execPath, [script, ...positionals], { stdio: 'inherit' });
  process.exit();
}
const everybody = await contenders();
const rows: Row[] = [];
for (const what of cases.filter(({ name }) => chosen(options.case, name))) {
  const taking = everybody.filter(({ peer }) => takesPart(peer, what));
  const row = { case: what, runs: await inTurn(what, taking) };
  rows.push(row);
  if (nodes.length === 1) console.log(goals([row]).split('\n').slice(2).join('\n'));
  if (options.profile) for (const who of taking) await profile(what, who, options.profile);
}

const results: Results = {
  date: new Date().toISOString(),
  node: nodes.map(({ version }) => version).join(', '),
  ...(nodes.length > 1 && { nodes: nodes.map(({ version }) => version) }),
  machine: `${cpus().length} cores of ${cpus()[0]?.model}`,
  repeat,
  measureMs: conditions.measureMs,
  rows,
};
const file = (ending: string) => join(here, 'results', `${options.out}.${ending}`);
writeFileSync(file('json'), written(results));
if (nodes.length > 1) console.log(nodesTable(results));
else {
  writeFileSync(file('md'), page(results));
  writeFileSync(file('svg'), plot(results));
  console.log(page(results));
}

function takesPart(name: string, { kind, task }: Case): boolean {
  const peer = peers[name];
  return peer?.wires.includes(task.wire) === true && (peer.kinds ?? everyday).includes(kind);
}

/** Everybody once in each round, there and back again: nobody is always behind the same one. */
async function inTurn(what: Case, taking: readonly Contender[]): Promise<Record<string, Run[]>> {
  const runs: Record<string, Run[]> = Object.fromEntries(taking.map(({ name }) => [name, []]));
  // Memory hardly differs from one time to the next.
  const rounds = what.measure === 'memory' ? Math.min(3, repeat) : repeat;
  for (let round = 0; round < rounds; round++) {
    for (const who of round % 2 === 0 ? taking : [...taking].reverse()) {
      if (round >= otherRounds && isPeer(who.peer)) continue;
      const run = await measure(what, who, conditions).catch((error: Error) => error);
      if (run instanceof Error) console.error(`${what.name}: ${run.message}`);
      else runs[who.name]?.push(run);
    }
  }
  return runs;
}
