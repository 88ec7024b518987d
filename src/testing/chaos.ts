import { type Observable, tap } from 'rxjs';
import { seedsOf, waitMs } from './demands.js';
import {
  bandwidth,
  calm,
  dice,
  type Fault,
  failDials,
  fragment,
  halfClose,
  latency,
  partition,
  release,
  repair,
  reset,
  shred,
  stall,
} from './faults.js';
import { MarbleError, siteOfCall } from './marble-error.js';
import { type MarbleHelpers, type MarblesOptions, marbles } from './marbles.js';
import { written } from './ruler.js';

/** How a scenario is put to the test. The options of its marble tests stand here, too. */
export interface ChaosOptions extends MarblesOptions {
  /** So many runs, with the seeds from 1; or the seeds themselves. @default 50 */
  readonly seeds?: number | readonly number[];
  /** Whether wires may be reset, half-closed and refused, too; otherwise time and cuts are all that changes. @default false */
  readonly lossy?: boolean;
  /** How long faults go on, in milliseconds; then the road is calm. @default 2,000 */
  readonly faultsMs?: number;
  /** How long after that the scenario may take to complete, in milliseconds. @default 60,000 */
  readonly withinMs?: number;
  /** Names of ends between which faults may be one-sided: a host, or `host:port`. @default none */
  readonly ends?: readonly string[];
}

/** What happens in one run: a fault at each of these times. */
interface Incident {
  readonly at: number;
  readonly fault: Fault;
}

/**
 * Runs a scenario under many roads, each bad in another way: delayed, cut, held, partitioned, and reset if `lossy`. The same seed is the same road.
 *
 *     test('echoes whatever the road does', chaos(({ run, listen, connect }) => { run(server$); return client$; }));
 *
 * What the scenario returns must complete (liveness) within `withinMs` of the last fault, and each run passes the checks of every marble test. A failure
 * is made smaller first; it names its seed, and the diagram of faults that brings it about.
 */
export function chaos(
  scenario: (helpers: MarbleHelpers) => Observable<unknown>,
  options: ChaosOptions = {},
): () => void {
  const { seeds = 50, faultsMs = 0, withinMs = 0 } = options;
  const all = seedsOf(seeds);
  waitMs('faultsMs', faultsMs);
  waitMs('withinMs', withinMs);
  const site = siteOfCall();
  return () => {
    for (const seed of all) {
      const incidents = planOf(seed, options);
      const error = failureOf(scenario, incidents, seed, options);
      if (error === undefined) continue;
      const few = smaller(incidents, (fewer) => failureOf(scenario, fewer, seed, options) !== undefined);
      const why = failureOf(scenario, few, seed, options) ?? error;
      throw Object.assign(new MarbleError(explain(seed, few, why), { site }), { cause: why });
    }
  };
}

/** What goes wrong under these faults, if anything does. */
function failureOf(
  scenario: (helpers: MarbleHelpers) => Observable<unknown>,
  incidents: readonly Incident[],
  seed: number,
  { faultsMs = 2_000, withinMs = 60_000, ...options }: ChaosOptions,
): unknown {
  let done = false;
  const platformsRandom = Math.random;
  Math.random = dice(seed);
  try {
    marbles(
      (helpers) => {
        helpers.faults(...diagramOf([...incidents, { at: faultsMs, fault: calm() }]));
        const complete = () => {
          done = true;
        };
        helpers.run(scenario(helpers).pipe(tap({ complete })));
      },
      { maxMs: faultsMs + withinMs, ...options },
    )();
    return done ? undefined : new MarbleError('The scenario does not complete: nothing is left to happen');
  } catch (error) {
    const late = !done && error instanceof MarbleError && error.message.includes('(endless)');
    return late
      ? new MarbleError(`The scenario does not complete within ${withinMs} ms of the last fault`)
      : error;
  } finally {
    Math.random = platformsRandom;
  }
}

/** The faults of a seed. */
function planOf(seed: number, { lossy = false, faultsMs = 2_000, ends = [] }: ChaosOptions): Incident[] {
  const random = dice(seed);
  const upTo = (most: number) => 1 + Math.floor(random() * most);
  const oneOf = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
  const where = () => {
    const end = oneOf([undefined, undefined, ...ends]);
    if (end === undefined) return {};
    return random() < 0.5 ? { from: end } : { to: end };
  };
  const lossless = [
    () => latency(upTo(80), where()),
    () => bandwidth(upTo(20) * 500, where()),
    () => fragment(upTo(7), where()),
    () => shred(upTo(1_000), where()),
    () => partition(where()),
    () => repair(),
    () => stall(where()),
    () => release(),
    () => calm(),
  ];
  const breaking = [
    () => reset(where()),
    () => halfClose(where()),
    () => failDials('connection-refused', where()),
  ];
  const kinds = lossy ? [...lossless, ...breaking, ...breaking] : lossless;
  const times = Array.from({ length: upTo(8) }, () => Math.floor(random() ** 2 * faultsMs)).sort(
    (a, b) => a - b,
  );
  return [...new Set(times)].map((at) => ({ at, fault: oneOf(kinds)() }));
}

/** As few of the incidents as still fail, taken away one by one. */
function smaller(
  incidents: readonly Incident[],
  fails: (fewer: readonly Incident[]) => boolean,
): readonly Incident[] {
  for (const [index] of incidents.entries()) {
    const fewer = incidents.filter((_, at) => at !== index);
    if (fails(fewer)) return smaller(fewer, fails);
  }
  return incidents;
}

const letters = 'abcdefghijklmnopqrstuvwxyz';

/** Incidents as a diagram, and what its letters stand for. */
function diagramOf(incidents: readonly Incident[]): [diagram: string, faults: Record<string, Fault>] {
  const named = incidents.map(({ at, fault }, index) => ({ at, fault, letter: letters[index] as string }));
  return [
    written(named.map(({ at, letter }) => [at, letter])),
    Object.fromEntries(named.map(({ letter, fault }) => [letter, fault])),
  ];
}

function explain(seed: number, incidents: readonly Incident[], why: unknown): string {
  const [diagram, faults] = diagramOf(incidents);
  const key = Object.entries(faults).map(([letter, { text }]) => `${letter}: ${text}`);
  return [
    `Chaos, seed ${seed}: ${why instanceof Error ? why.message : String(why)}`,
    '',
    `  to see it   faults('${diagram}', { ${key.join(', ')} })`,
    `  that seed   chaos(scenario, { seeds: [${seed}] })`,
  ].join('\n');
}
